//go:build tools

// Package tools pins the programs the tests drive the daemon with.
package tools

import _ "sigs.k8s.io/cri-tools/cmd/crictl"
