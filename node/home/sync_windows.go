package home

// syncDir does nothing: Windows writes names to the disk with the files.
func syncDir(string) error { return nil }
