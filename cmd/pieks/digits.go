package main

import "strings"

// glyphs are digits of three columns and five rows; '#' is drawn as a block twice as wide, since terminal cells are tall.
var glyphs = map[rune][5]string{
	'0': {"###", "# #", "# #", "# #", "###"},
	'1': {" # ", "## ", " # ", " # ", "###"},
	'2': {"###", "  #", "###", "#  ", "###"},
	'3': {"###", "  #", " ##", "  #", "###"},
	'4': {"# #", "# #", "###", "  #", "  #"},
	'5': {"###", "#  ", "###", "  #", "###"},
	'6': {"###", "#  ", "###", "# #", "###"},
	'7': {"###", "  #", "  #", " # ", " # "},
	'8': {"###", "# #", "###", "# #", "###"},
	'9': {"###", "# #", "###", "  #", "###"},
	'-': {"   ", "   ", "###", "   ", "   "},
}

var blocks = strings.NewReplacer("#", "██", " ", "  ")

// bigDigits draws digits and dashes five rows high; other characters make a gap.
func bigDigits(digits string) [5]string {
	var rows [5]string
	for _, r := range digits {
		glyph, ok := glyphs[r]
		if !ok {
			glyph = [5]string{" ", " ", " ", " ", " "}
		}
		for i := range rows {
			rows[i] += blocks.Replace(glyph[i]) + "  "
		}
	}
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return rows
}
