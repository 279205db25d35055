module golin.demo/shop

go 1.13
