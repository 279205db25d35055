module golin.test/findings

go 1.20
