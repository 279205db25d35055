// SPDX-License-Identifier: BSD-2-Clause

// Where a program's functions lie, read with Go's own debug/elf and debug/gosym: nothing of golin
// has a part in it.
//
//	funcs BINARY [TEXT]
//
// prints, for each function, tab-separated: name, address, end. From the symbol table; where there
// is none, from .gopclntab, of a program whose text begins at TEXT (hex): from Go 1.26 on the
// section does not tell.
package main

import (
	"bufio"
	"bytes"
	"debug/elf"
	"debug/gosym"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func fail(args ...interface{}) {
	fmt.Fprintln(os.Stderr, append([]interface{}{"funcs:"}, args...)...)
	os.Exit(1)
}

// Wrappers of another calling convention have the names of what they wrap.
func fromSymbols(out *bufio.Writer, symbols []elf.Symbol) {
	for _, s := range symbols {
		if s.Info&0xf == byte(elf.STT_FUNC) {
			fmt.Fprintf(out, "%s\t%#x\t%#x\n", strings.TrimSuffix(s.Name, ".abi0"), s.Value,
				s.Value+s.Size)
		}
	}
}

// findTable gives the table of functions, and what follows it: in a section of its own, or, where
// the C linker has merged sections, behind the one place that has its magic number and the two
// bytes of amd64 (instructions of 1 byte, addresses of 8).
func findTable(f *elf.File) []byte {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		if section := f.Section(name); section != nil {
			if data, err := section.Data(); err == nil {
				return data
			}
		}
	}
	section := f.Section(".data.rel.ro")
	if section == nil {
		fail("neither symbols nor a place for a table of functions")
	}
	data, err := section.Data()
	if err != nil {
		fail(err)
	}
	for _, magic := range []byte{0xf1, 0xf0, 0xfa, 0xfb} {
		head := []byte{magic, 0xff, 0xff, 0xff, 0, 0, 1, 8}
		if i := bytes.Index(data, head); i >= 0 && i%8 == 0 {
			return data[i:]
		}
	}
	fail("neither symbols nor a table of functions")
	return nil
}

func fromTable(out *bufio.Writer, f *elf.File, text uint64) {
	table, err := gosym.NewTable(nil, gosym.NewLineTable(findTable(f), text))
	if err != nil {
		fail(err)
	}
	for _, fn := range table.Funcs {
		fmt.Fprintf(out, "%s\t%#x\t%#x\n", fn.Name, fn.Entry, fn.End)
	}
}

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fail("usage: funcs BINARY [TEXT]")
	}
	f, err := elf.Open(os.Args[1])
	if err != nil {
		fail(err)
	}
	out := bufio.NewWriter(os.Stdout)
	if symbols, err := f.Symbols(); err == nil && len(symbols) > 0 {
		fromSymbols(out, symbols)
	} else {
		text := uint64(0)
		if len(os.Args) == 3 {
			text, err = strconv.ParseUint(os.Args[2], 0, 64)
			if err != nil {
				fail(err)
			}
		}
		fromTable(out, f, text)
	}
	if err := out.Flush(); err != nil {
		fail(err)
	}
}
