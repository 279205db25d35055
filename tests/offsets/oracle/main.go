// SPDX-License-Identifier: BSD-2-Clause

// An independent reader of struct layouts, for tests that compare golin with it: it shares neither
// code nor approach with golin, but has the standard library walk the whole DWARF of a program.
//
//	oracle LAYOUT.DEF BINARY
//
// prints, for each struct and field of layout.def, tab-separated:
//
//	struct	field (- the struct itself)	offset (absent)	size	type
//
// A name that has several, different definitions gives a line for each, with "ambiguous" in front.
//
//	oracle -symbols BINARY
//
// prints the symbols, "symbol	name	value	size	func|object", the place of the TLS slot of g, "tls
// offset from the thread's base", the sections, "section	name	address", and the loadable
// segments, "load	file offset	address	size". Needs nothing newer than Go 1.19.
package main

import (
	"bufio"
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

type wantedField struct {
	name  string
	names map[string]bool
}

type wantedStruct struct {
	name   string
	fields []wantedField
}

// What DWARF says of a member; a struct is the sum of its members in their order.
type member struct {
	name         string
	offset, size int64
	typ          string
}

type definition struct {
	name    string // by which it was found
	size    int64
	members []member
}

var (
	structLine = regexp.MustCompile(`^GOLIN_STRUCT\((\w+), "([^"]*)", "([^"]*)"\)$`)
	fieldLine  = regexp.MustCompile(`^GOLIN_FIELD\((\w+), \w+, "([^"]*)", "([^"]*)", (REQ|OPT)\)$`)
)

func fatal(args ...interface{}) {
	fmt.Fprintln(os.Stderr, append([]interface{}{"oracle:"}, args...)...)
	os.Exit(2)
}

func names(name, others string) map[string]bool {
	all := map[string]bool{name: true}
	for _, s := range strings.Split(others, "|") {
		if s != "" {
			all[s] = true
		}
	}
	return all
}

// The structs in their order, and which of them a name means.
func readWanted(path string) ([]wantedStruct, map[string]int) {
	f, err := os.Open(path)
	if err != nil {
		fatal(err)
	}
	defer f.Close()
	var list []wantedStruct
	byName, byID := map[string]int{}, map[string]int{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		if m := structLine.FindStringSubmatch(text); m != nil {
			byID[m[1]] = len(list)
			for name := range names(m[2], m[3]) {
				byName[name] = len(list)
			}
			list = append(list, wantedStruct{name: m[2]})
		} else if m := fieldLine.FindStringSubmatch(text); m != nil {
			s, ok := byID[m[1]]
			if !ok {
				fatal(path, "line", n, "is of no struct")
			}
			list[s].fields = append(list[s].fields, wantedField{m[2], names(m[2], m[3])})
		} else if strings.HasPrefix(text, "GOLIN_") {
			fatal(path, "line", n, "is not understood:", text)
		}
	}
	if lines.Err() != nil || len(list) == 0 {
		fatal(path, "has no structs", lines.Err())
	}
	return list, byName
}

type reader struct {
	data    *dwarf.Data
	address int64 // bytes in an address
	types   map[dwarf.Offset]*dwarf.Entry
}

func (r *reader) entry(off dwarf.Offset) *dwarf.Entry {
	if e, ok := r.types[off]; ok {
		return e
	}
	d := r.data.Reader()
	d.Seek(off)
	e, err := d.Next()
	if err != nil || e == nil {
		fatal("no entry at", off, err)
	}
	r.types[off] = e
	return e
}

func text(e *dwarf.Entry) string {
	s, _ := e.Val(dwarf.AttrName).(string)
	return s
}

// The size of the type at off: its own, or that of what it is another name for.
func (r *reader) size(off dwarf.Offset) int64 {
	for i := 0; i < 64; i++ {
		e := r.entry(off)
		if n, ok := e.Val(dwarf.AttrByteSize).(int64); ok {
			return n
		}
		switch e.Tag {
		case dwarf.TagPointerType, dwarf.TagSubroutineType:
			return r.address
		case dwarf.TagTypedef, dwarf.TagConstType, dwarf.TagVolatileType, dwarf.TagRestrictType:
			next, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
			if !ok {
				fatal("a type without end at", off)
			}
			off = next
		default:
			fatal("a type of no known size at", off, e.Tag, text(e))
		}
	}
	fatal("types go round in circles at", off)
	return 0
}

// The struct at e; the walk stands behind it and goes on behind its members.
func (r *reader) read(walk *dwarf.Reader, e *dwarf.Entry) (definition, bool) {
	size, ok := e.Val(dwarf.AttrByteSize).(int64)
	def := definition{name: text(e), size: size}
	if !ok || !e.Children {
		return def, ok
	}
	for {
		c, err := walk.Next()
		if err != nil || c == nil {
			fatal("in", def.name, err)
		}
		if c.Tag == 0 {
			return def, true
		}
		if c.Children {
			walk.SkipChildren()
		}
		if c.Tag != dwarf.TagMember {
			continue
		}
		off, ok := c.Val(dwarf.AttrDataMemberLoc).(int64)
		typ, typed := c.Val(dwarf.AttrType).(dwarf.Offset)
		if !ok || !typed {
			fatal("member", text(c), "of", def.name, "has no constant place or no type")
		}
		def.members = append(def.members, member{text(c), off, r.size(typ), text(r.entry(typ))})
	}
}

func equal(a, b definition) bool {
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// All definitions of each wanted struct in the whole DWARF, equal ones once.
func (r *reader) walk(byName map[string]int, n int) [][]definition {
	found := make([][]definition, n)
	walk := r.data.Reader()
next:
	for {
		e, err := walk.Next()
		if err != nil {
			fatal(err)
		}
		if e == nil {
			return found
		}
		i, wanted := byName[text(e)]
		if e.Tag != dwarf.TagStructType || !wanted {
			continue
		}
		def, whole := r.read(walk, e)
		if !whole {
			continue
		}
		for _, other := range found[i] {
			if equal(other, def) {
				continue next
			}
		}
		found[i] = append(found[i], def)
	}
}

func print(w io.Writer, s *wantedStruct, defs []definition) {
	mark := ""
	if len(defs) > 1 {
		mark = "ambiguous "
	}
	if len(defs) == 0 {
		fmt.Fprintf(w, "%s\t-\tabsent\t-\t-\n", s.name)
		for _, f := range s.fields {
			fmt.Fprintf(w, "%s\t%s\tabsent\t-\t-\n", s.name, f.name)
		}
	}
	for _, d := range defs {
		fmt.Fprintf(w, "%s%s\t-\t-\t%d\t%s\n", mark, s.name, d.size, d.name)
		for _, f := range s.fields {
			n := 0
			for _, m := range d.members {
				if f.names[m.name] {
					n++
				}
			}
			if n == 0 {
				fmt.Fprintf(w, "%s%s\t%s\tabsent\t-\t-\n", mark, s.name, f.name)
			}
			for _, m := range d.members {
				if !f.names[m.name] {
					continue
				}
				several := mark
				if n > 1 {
					several = "ambiguous "
				}
				fmt.Fprintf(w, "%s%s\t%s\t%d\t%d\t%s\n", several, s.name, f.name, m.offset,
					m.size, m.typ)
			}
		}
	}
}

func printSymbols(w io.Writer, f *elf.File) {
	symbols, err := f.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		fatal(err)
	}
	for _, s := range f.Sections {
		fmt.Fprintf(w, "section\t%s\t%d\n", s.Name, s.Addr)
	}
	var tls, tlsSize uint64
	tlsFound := false
	for _, p := range f.Progs {
		if p.Type == elf.PT_TLS && p.Align > 0 {
			tlsSize = (p.Memsz + p.Align - 1) / p.Align * p.Align
		}
		if p.Type == elf.PT_LOAD {
			fmt.Fprintf(w, "load\t%d\t%d\t%d\n", p.Off, p.Vaddr, p.Filesz)
		}
	}
	for _, s := range symbols {
		kind := map[elf.SymType]string{elf.STT_FUNC: "func", elf.STT_OBJECT: "object",
			elf.STT_NOTYPE: "object"}[elf.ST_TYPE(s.Info)]
		if s.Name == "runtime.tlsg" {
			tls, tlsFound = s.Value, true
		}
		if kind != "" && s.Section != elf.SHN_UNDEF {
			fmt.Fprintf(w, "symbol\t%s\t%d\t%d\t%s\n", s.Name, s.Value, s.Size, kind)
		}
	}
	if tlsFound && tlsSize > 0 {
		fmt.Fprintf(w, "tls\t%d\n", int64(tls-tlsSize))
	}
}

func printLayouts(w io.Writer, path string, f *elf.File) {
	list, byName := readWanted(path)
	data, err := f.DWARF()
	if err != nil {
		fatal(err)
	}
	r := &reader{data: data, address: 8, types: map[dwarf.Offset]*dwarf.Entry{}}
	if f.Class == elf.ELFCLASS32 {
		r.address = 4
	}
	found := r.walk(byName, len(list))
	for i := range list {
		print(w, &list[i], found[i])
	}
}

func main() {
	if len(os.Args) != 3 {
		fatal("usage: oracle LAYOUT.DEF|-symbols BINARY")
	}
	f, err := elf.Open(os.Args[2])
	if err != nil {
		fatal(err)
	}
	defer f.Close()
	out := bufio.NewWriter(os.Stdout)
	if os.Args[1] == "-symbols" {
		printSymbols(out, f)
	} else {
		printLayouts(out, os.Args[1], f)
	}
	if err := out.Flush(); err != nil {
		fatal(err)
	}
}
