module falling

go 1.18
