module golin.test/oracle

go 1.19
