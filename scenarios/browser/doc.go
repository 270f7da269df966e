// Package browser looks at the apps of whole networks with a real browser: the journeys of patients and receptions through real nodes, every page
// of the demo, and what is printed. It has tests only. `make screenshots` keeps the pictures that [TestEveryPage] takes.
package browser
