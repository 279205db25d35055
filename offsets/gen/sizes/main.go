// SPDX-License-Identifier: BSD-2-Clause

// Sizes computes what golin-offsetgen reads from DWARF, from the source of a Go release instead:
// it type-checks the packages that the probe needs and lays their structs out by the rules of Go's
// compiler (go/types has them). That takes a second or two where a build takes a minute, hence it
// serves for all architectures, for the search for the release in which a member moved, and for
// GOEXPERIMENTs. That it says what DWARF says is compared, see ../README.md.
//
//	sizes GOROOT LAYOUT.DEF PROBE-DIR ARCH...	the lines of golin-offsetgen
//	sizes -x GOROOT LAYOUT.DEF PROBE-DIR ARCH...	a line for each GOEXPERIMENT: version, name, the
//		structs that it changes on any of the architectures (|-separated, or -)
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var experiments = flag.Bool("x", false, "what GOEXPERIMENTs change")

// Ends the work on one architecture and experiment.
func fail(err error) { panic(err) }

// ---- layout.def ----

type wanted struct {
	names  []string // the newest first
	fields [][]string
}

func names(first, others string) []string {
	list := []string{first}
	if others != "" {
		list = append(list, strings.Split(others, "|")...)
	}
	return list
}

func readDef(path string) []wanted {
	text, err := os.ReadFile(path)
	if err != nil {
		fail(err)
	}
	entry := regexp.MustCompile(`(?m)^GOLIN_(?:(STRUCT)\(\w+|FIELD\(\w+, \w+), "([^"]*)",\s*"([^"]*)"`)
	var list []wanted
	for _, m := range entry.FindAllStringSubmatch(string(text), -1) {
		if m[1] == "STRUCT" {
			list = append(list, wanted{names: names(m[2], m[3])})
		} else {
			s := &list[len(list)-1]
			s.fields = append(s.fields, names(m[2], m[3]))
		}
	}
	return list
}

// ---- packages ----

type pkg struct {
	Dir, ImportPath string
	GoFiles         []string
	ImportMap       map[string]string
	checked         *types.Package
}

type world struct {
	fset  *token.FileSet
	sizes types.Sizes
	pkgs  map[string]*pkg
}

// A package with those that it needs, or these alone. The go command of the release itself decides
// which files make up a package.
func list(root, probe, arch, experiment string, what ...string) map[string]*pkg {
	cmd := exec.Command(filepath.Join(root, "bin/go"), append([]string{"list", "-json"}, what...)...)
	cmd.Dir = probe
	cmd.Env = append(os.Environ(), "GOENV=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GOROOT="+root,
		"GO111MODULE=off", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOEXPERIMENT="+experiment)
	if experiment == "" {
		cmd.Stderr = os.Stderr
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fail(err)
	}
	pkgs := map[string]*pkg{}
	for d := json.NewDecoder(out); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			fail(err)
		}
		pkgs[p.ImportPath] = &p
	}
	if err := cmd.Wait(); err != nil {
		fail(err)
	}
	return pkgs
}

func load(root, probe, arch, experiment string) *world {
	w := &world{token.NewFileSet(), types.SizesFor("gc", arch), nil}
	if w.sizes == nil {
		fail(fmt.Errorf("no sizes for %s", arch))
	}
	w.pkgs = list(root, probe, arch, experiment, "-deps", ".")
	return w
}

// On 32-bit architectures 64-bit atomics are aligned to 8 bytes. go/types knows them by the path that
// their package has since Go 1.23; before that it is called by that name while it is checked.
const (
	oldAtomic = "runtime/internal/atomic"
	newAtomic = "internal/runtime/atomic"
)

func (w *world) pathOf(p *types.Package) string {
	if p.Path() == newAtomic && w.pkgs[newAtomic] == nil {
		return oldAtomic
	}
	return p.Path()
}

type importer struct {
	w    *world
	from *pkg
}

func (i importer) Import(path string) (*types.Package, error) {
	if to := i.from.ImportMap[path]; to != "" {
		path = to
	}
	return i.w.check(path)
}

func (w *world) check(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	p := w.pkgs[path]
	if p == nil {
		return nil, fmt.Errorf("no package %s", path)
	}
	if p.checked != nil {
		return p.checked, nil
	}
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(w.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	config := types.Config{
		IgnoreFuncBodies: true,
		Importer:         importer{w, p},
		Sizes:            w.sizes,
		Error: func(err error) {
			// Without bodies imports may seem to be unused.
			if !strings.Contains(err.Error(), "imported and not used") &&
				!strings.Contains(err.Error(), "imported as") {
				fail(err)
			}
		},
	}
	name := path
	if name == oldAtomic {
		name = newAtomic
	}
	p.checked, _ = config.Check(name, w.fset, files, nil)
	return p.checked, nil
}

// ---- structs ----

// The struct of that name, or nil. An alias is another struct's name.
func (w *world) find(name string) *types.Struct {
	dot := strings.LastIndex(name, ".")
	if dot < 0 || w.pkgs[name[:dot]] == nil {
		return nil
	}
	p, err := w.check(name[:dot])
	if err != nil {
		fail(err)
	}
	t, _ := p.Scope().Lookup(name[dot+1:]).(*types.TypeName)
	if t == nil || t.IsAlias() {
		return nil
	}
	s, _ := t.Type().Underlying().(*types.Struct)
	return s
}

func (w *world) named(name string) types.Type {
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		return types.Universe.Lookup(name).Type()
	}
	p, err := w.check(name[:dot])
	if err != nil {
		fail(err)
	}
	return p.Scope().Lookup(name[dot+1:]).Type()
}

func field(name string, t types.Type) *types.Var {
	return types.NewField(token.NoPos, nil, name, t, false)
}

// A type that is known by a name only.
func called(name string, t types.Type) types.Type {
	return types.NewNamed(types.NewTypeName(token.NoPos, nil, name, nil), t, nil)
}

var (
	bucketName = regexp.MustCompile(`^bucket<(.*),(.*)>$`)
	groupName  = regexp.MustCompile(`^noalg\.map\.group\[(.*?)\](.*)$`)
)

func (w *world) element(name string) types.Type {
	if name == "struct {}" {
		return types.NewStruct(nil, nil)
	}
	return w.named(name)
}

// Whether an experiment that only the compiler knows of is on.
func (w *world) isOn(experiment string) bool {
	p, err := w.check("internal/goexperiment")
	if err != nil {
		return false
	}
	c, _ := p.Scope().Lookup(experiment).(*types.Const)
	return c != nil && constant.BoolVal(c.Val())
}

// What compiler and linker make up for maps: buckets up to Go 1.23, groups since.
func (w *world) madeUp(name string) *types.Struct {
	old := w.find("runtime.hmap") != nil
	if m := bucketName.FindStringSubmatch(name); m != nil && old {
		key, val := w.element(m[1]), w.element(m[2])
		return types.NewStruct([]*types.Var{
			field("tophash", types.NewArray(types.Typ[types.Uint8], 8)),
			field("keys", called("[]key<"+m[1]+">", types.NewArray(key, 8))),
			field("values", called("[]val<"+m[2]+">", types.NewArray(val, 8))),
			field("overflow", types.NewPointer(called(name, types.NewStruct(nil, nil)))),
		}, nil)
	}
	if m := groupName.FindStringSubmatch(name); m != nil && !old && w.isOn("MapSplitGroup") {
		return types.NewStruct([]*types.Var{
			field("ctrl", types.Typ[types.Uint64]),
			field("keys", types.NewArray(w.element(m[1]), 8)),
			field("elems", types.NewArray(w.element(m[2]), 8)),
		}, nil)
	} else if m != nil && !old {
		slot := types.NewStruct([]*types.Var{
			field("key", w.element(m[1])), field("elem", w.element(m[2]))}, nil)
		array := types.NewArray(slot, 8)
		return types.NewStruct([]*types.Var{
			field("ctrl", types.Typ[types.Uint64]),
			field("slots", called("noalg."+w.dwarfName(array), array)),
		}, nil)
	}
	return nil
}

// ---- output ----

// The name as Go's linker writes it into DWARF, cut as golin cuts it.
func (w *world) dwarfName(t types.Type) string {
	switch t := t.(type) {
	case *types.Alias:
		return w.dwarfName(types.Unalias(t))
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return "unsafe.Pointer"
		}
		return types.Typ[t.Kind()].Name()
	case *types.Named:
		name := t.Obj().Name()
		if p := t.Obj().Pkg(); p != nil {
			name = w.pathOf(p) + "." + name
		}
		if args := t.TypeArgs(); args.Len() > 0 {
			var list []string
			for i := 0; i < args.Len(); i++ {
				list = append(list, w.dwarfName(args.At(i)))
			}
			name += "[" + strings.Join(list, ",") + "]"
		}
		return name
	case *types.Pointer:
		return "*" + w.dwarfName(t.Elem())
	case *types.Slice:
		return "[]" + w.dwarfName(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), w.dwarfName(t.Elem()))
	case *types.Map:
		return "map[" + w.dwarfName(t.Key()) + "]" + w.dwarfName(t.Elem())
	case *types.Chan:
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + w.dwarfName(t.Elem())
		case types.RecvOnly:
			return "<-chan " + w.dwarfName(t.Elem())
		}
		return "chan " + w.dwarfName(t.Elem())
	case *types.Signature:
		params := w.tuple(t.Params(), t.Variadic())
		switch t.Results().Len() {
		case 0:
			return "func(" + params + ")"
		case 1:
			return "func(" + params + ") " + w.tuple(t.Results(), false)
		}
		return "func(" + params + ") (" + w.tuple(t.Results(), false) + ")"
	case *types.Struct:
		if t.NumFields() == 0 {
			return "struct {}"
		}
		var list []string
		for i := 0; i < t.NumFields(); i++ {
			f := t.Field(i)
			name := f.Name()
			if !f.Exported() && f.Pkg() != nil {
				name = w.pathOf(f.Pkg()) + "." + name
			}
			list = append(list, name+" "+w.dwarfName(f.Type()))
		}
		return "struct { " + strings.Join(list, "; ") + " }"
	case *types.Interface:
		if t.NumMethods() == 0 {
			return "interface {}"
		}
	}
	return t.String()
}

func (w *world) tuple(t *types.Tuple, variadic bool) string {
	var list []string
	for i := 0; i < t.Len(); i++ {
		if variadic && i == t.Len()-1 {
			list = append(list, "..."+w.dwarfName(t.At(i).Type().(*types.Slice).Elem()))
			continue
		}
		list = append(list, w.dwarfName(t.At(i).Type()))
	}
	return strings.Join(list, ", ")
}

// As golin_text_clean() does for a member's type.
func cut(s string) string {
	const max = 70
	if len(s) <= max {
		return s
	}
	// Room for the mark, were all of it left out.
	n := max - len(fmt.Sprintf("...(+%d)", len(s)))
	return fmt.Sprintf("%s...(+%d)", s[:n], len(s)-n)
}

// The lines of one struct, by member, each from the member on.
func (w *world) lines(want wanted) []string {
	var out []string
	line := func(member string, value ...interface{}) {
		for _, v := range value {
			member += fmt.Sprintf("\t%v", v)
		}
		out = append(out, member)
	}
	var s *types.Struct
	for _, name := range want.names {
		if s = w.find(name); s == nil {
			s = w.madeUp(name)
		}
		if s != nil {
			break
		}
	}
	if s == nil {
		line("-", "absent", "-", "-")
		for _, f := range want.fields {
			line(f[0], "absent", "-", "-")
		}
		return out
	}
	var list []*types.Var
	for i := 0; i < s.NumFields(); i++ {
		list = append(list, s.Field(i))
	}
	offsets := w.sizes.Offsetsof(list)
	line("-", "-", w.sizes.Sizeof(s), "-")
	for _, f := range want.fields {
		at := -1
		for i, v := range list {
			for _, name := range f {
				if v.Name() == name {
					at = i
				}
			}
		}
		if at < 0 {
			line(f[0], "absent", "-", "-")
			continue
		}
		t := list[at].Type()
		line(f[0], offsets[at], w.sizes.Sizeof(t), cut(w.dwarfName(t)))
	}
	return out
}

// ---- GOEXPERIMENTs ----

// Their names, from the source of the release; none before Go 1.17.
func experimentNames(root string) []string {
	text, err := os.ReadFile(filepath.Join(root, "src/internal/goexperiment/flags.go"))
	if err != nil {
		return nil
	}
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^\t([A-Z]\w*) +bool$`).FindAllStringSubmatch(string(text), -1) {
		list = append(list, strings.ToLower(m[1]), "no"+strings.ToLower(m[1]))
	}
	return list
}

// The structs that differ from the plain ones; known is false when that cannot be told.
func (plain *world) changes(root, probe, arch, experiment string, want []wanted) (list []string, known bool) {
	defer func() {
		if recover() != nil {
			known = false
		}
	}()
	with := load(root, probe, arch, experiment)
	// Both kinds of map may have their types in the source, whichever is in use.
	otherMaps := (plain.find("runtime.hmap") == nil) != (with.find("runtime.hmap") == nil)
	for _, s := range want {
		ofMaps := s.names[0] == "internal/abi.MapType" || strings.HasPrefix(s.names[0], "internal/runtime/maps.")
		if otherMaps && ofMaps ||
			strings.Join(plain.lines(s), "\n") != strings.Join(with.lines(s), "\n") {
			list = append(list, s.names[0])
		}
	}
	return list, true
}

// The experiments that the packages mention, in whatever file: what is not among them changes none.
func mentioned(pkgs map[string]*pkg) map[string]bool {
	name := regexp.MustCompile(`(?i)goexperiment\.(\w+)`)
	list := map[string]bool{"mapsplitgroup": true} // the compiler's, see madeUp
	for path, p := range pkgs {
		files, _ := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				fail(err)
			}
			for _, m := range name.FindAllSubmatch(text, -1) {
				n := strings.ToLower(string(m[1]))
				list[n] = list[n] || path != goexperiment
			}
		}
	}
	return list
}

const goexperiment = "internal/goexperiment"

func printExperiments(root, version string, want []wanted, probe string, arches []string) {
	var plain []*world
	for _, arch := range arches {
		plain = append(plain, load(root, probe, arch, ""))
	}
	matter := mentioned(plain[0].pkgs)
	for _, name := range experimentNames(root) {
		changed, any := map[string]bool{}, false
		for i, arch := range arches {
			if !isOther(plain[i], root, probe, arch, name) {
				continue
			}
			if !matter[name] && !matter[strings.TrimPrefix(name, "no")] {
				any = true
				continue
			}
			list, known := plain[i].changes(root, probe, arch, name, want)
			any = any || known
			for _, s := range list {
				changed[s] = true
			}
		}
		if !any {
			continue
		}
		list := "-"
		for _, s := range want {
			if changed[s.names[0]] {
				list += "|" + s.names[0]
			}
		}
		if list != "-" {
			list = list[2:]
		}
		fmt.Printf("%s\t%s\t%s\n", version, name, list)
	}
}

// False when the experiment does not go with the architecture, or is what the release does unasked.
func isOther(plain *world, root, probe, arch, name string) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	quick := list(root, probe, arch, name, goexperiment)[goexperiment]
	return strings.Join(quick.GoFiles, " ") != strings.Join(plain.pkgs[goexperiment].GoFiles, " ")
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("sizes: ")
	flag.Parse()
	if flag.NArg() < 4 {
		log.Fatal("usage: sizes [-x] GOROOT LAYOUT.DEF PROBE-DIR ARCH...")
	}
	root, probe, arches := flag.Arg(0), flag.Arg(2), flag.Args()[3:]
	text, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		log.Fatal(err)
	}
	version := strings.TrimPrefix(strings.Fields(string(text))[0], "go")
	if strings.Count(version, ".") == 1 {
		version += ".0"
	}
	want := readDef(flag.Arg(1))
	defer func() {
		if err := recover(); err != nil {
			log.Fatal(err)
		}
	}()
	if *experiments {
		printExperiments(root, version, want, probe, arches)
		return
	}
	for _, arch := range arches {
		w := load(root, probe, arch, "")
		for _, s := range want {
			for _, line := range w.lines(s) {
				fmt.Printf("%s\t%s\t%s\t%s\n", version, arch, s.names[0], line)
			}
		}
	}
}
