module golin.test/bench/godwarf

go 1.16
