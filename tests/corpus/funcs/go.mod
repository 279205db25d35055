module golin.test/corpus/funcs

go 1.16
