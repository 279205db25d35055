module cascade

go 1.18
