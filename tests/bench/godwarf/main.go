// SPDX-License-Identifier: BSD-2-Clause

// What a Go program does that wants the layout of runtime.g and uses the standard library:
//
//	godwarf first BINARY   stops at runtime.g: looks into units named "runtime" only
//	godwarf unit BINARY    reads the units named "runtime" to their ends, for all structs in them
//	godwarf all BINARY     reads every entry
package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"os"
)

func fail(args ...interface{}) {
	fmt.Fprintln(os.Stderr, append([]interface{}{"godwarf:"}, args...)...)
	os.Exit(1)
}

// fields reads the members of the struct at e; returns how many.
func fields(d *dwarf.Data, r *dwarf.Reader, e *dwarf.Entry, print bool) int {
	n := 0
	for e.Children {
		m, err := r.Next()
		if err != nil {
			fail(err)
		}
		if m == nil || m.Tag == 0 {
			break
		}
		n++
		if off, ok := m.Val(dwarf.AttrDataMemberLoc).(int64); ok && print {
			fmt.Println(m.Val(dwarf.AttrName), off)
		}
	}
	return n
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: godwarf first|unit|all BINARY")
	}
	how := os.Args[1]
	f, err := elf.Open(os.Args[2])
	if err != nil {
		fail(err)
	}
	d, err := f.DWARF()
	if err != nil {
		fail(err)
	}
	members, seen := 0, false
	for r := d.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			fail(err)
		}
		if e == nil {
			break
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		switch {
		case e.Tag == dwarf.TagCompileUnit:
			if how != "all" && name != "runtime" {
				r.SkipChildren()
			}
		case e.Tag == dwarf.TagStructType && (how != "first" || name == "runtime.g"):
			members += fields(d, r, e, name == "runtime.g")
			seen = seen || name == "runtime.g"
			if how == "first" {
				return
			}
		case how != "all":
			r.SkipChildren()
		}
	}
	if !seen {
		fail("no runtime.g")
	}
	fmt.Println(members, "members")
}
