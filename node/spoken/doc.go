// Package spoken is how a code of digits or words is said aloud, typed and read back: the check digit, the word list, and what people and
// their phones make of both. The booking's verification token and the disclosure's code have the same two forms.
//
// The check digit is that of Damm's thesis (2004); booking's documentation has its table. The words are numbered from 0 in words.txt, in
// alphabetical order; four letters tell each from all others. Nothing here looks a code up or says whether it is good.
package spoken
