// Renders a Helm chart as `helm template` does, as far as this one needs it, where there is no Helm: Debian's golang and
// its packaged libraries are enough. Files of values after the chart's directory are laid over its own.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run render.go deploy/chart [values.yaml …]
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/ghodss/yaml"
)

type values = map[string]interface{}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func load(path string) values {
	text, err := os.ReadFile(path)
	must(err)
	read := values{}
	must(yaml.Unmarshal(text, &read))
	return read
}

func overlay(under, over values) {
	for key, value := range over {
		inner, isMap := value.(values)
		if below, both := under[key].(values); isMap && both {
			overlay(below, inner)
		} else {
			under[key] = value
		}
	}
}

// files is what templates see as .Files.
type files string

func (directory files) Get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(string(directory), name))
	return string(text), err
}

func functions(root *template.Template) template.FuncMap {
	known := sprig.TxtFuncMap()
	known["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	known["include"] = func(name string, context interface{}) (string, error) {
		var text bytes.Buffer
		err := root.ExecuteTemplate(&text, name, context)
		return text.String(), err
	}
	known["required"] = func(sentence string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, fmt.Errorf("%s", sentence)
		}
		return value, nil
	}
	return known
}

func main() {
	directory := os.Args[1]
	given := load(filepath.Join(directory, "values.yaml"))
	for _, path := range os.Args[2:] {
		overlay(given, load(path))
	}
	chart := values{}
	for key, value := range load(filepath.Join(directory, "Chart.yaml")) {
		chart[strings.ToUpper(key[:1])+key[1:]] = value
	}
	context := values{
		"Values": given, "Chart": chart, "Files": files(directory),
		"Release": values{"Name": "talk", "Namespace": "chat", "Service": "Helm", "IsInstall": true, "Revision": 1},
	}
	root := template.New("chart").Option("missingkey=error")
	root.Funcs(functions(root))
	paths, err := filepath.Glob(filepath.Join(directory, "templates", "*"))
	must(err)
	sort.Strings(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		must(err)
		_, err = root.New(filepath.Base(path)).Parse(string(text))
		must(err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") {
			continue
		}
		var text bytes.Buffer
		must(root.ExecuteTemplate(&text, name, context))
		if strings.HasSuffix(name, ".txt") {
			fmt.Fprint(os.Stderr, text.String())
		} else if strings.TrimSpace(text.String()) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, text.String())
		}
	}
}
