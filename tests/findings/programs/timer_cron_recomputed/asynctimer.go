//go:build go1.23 && !go1.27

//go:debug asynctimerchan=1

package main
