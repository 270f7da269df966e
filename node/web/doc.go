// Package web serves a node's app to the browser of the person that it belongs to: HTML from templates on a loopback address, and
// nothing else that listens.
//
// # Who is let in
//
// The node makes links, each good once and for half an hour: one is opened in the browser when the node starts, one is printed, more are
// made by `pieks open` and, at a practice, by a doctor for an assistant. A link sets a session cookie (128 bits, kept as a hash in the store, 30
// days from its last use) that stands for a person: see [Person]. Without a session only the style sheet, the health checks and a page
// that says how to get in are answered.
//
// Each request has to name this server in Host, which keeps out other sites whose name was pointed at 127.0.0.1 (DNS rebinding). A POST has to
// carry the token of its session, and an Origin and Sec-Fetch-Site, where the browser sends them, of this server. No page may be framed, and none
// loads anything from elsewhere: the content security policy allows this server's own files only, no inline script and no inline style.
//
// Nothing personal is in a path, a query or a title, so none gets into the browser's history: searches and forms are posted, and what a
// person has typed so far is kept in the memory of its session ([Call.Draft]).
//
// Other programs and sites may send the browser to few addresses of an app: its landings ([Pages.Landings], landing.go). They do nothing and know
// nobody; the page behind them belongs to the session, and begins something only by a form of its own. What is in their queries the sender has
// chosen: a Telematik-ID where another app asks for a check-in (gemSpec_PoPP_Modul 3.3.1), and code and state of a login (RFC 6749), each good once.
//
// # Pages
//
// The pages of a role are in a package below: reception (practice), patient, relay, start for the demo, and first for a
// home that knows no network yet. A page is a function on a
// [Call] that asks the node by its control methods, in the same process, and shows a template. So an app can do nothing that the command
// line and the control API cannot. All pages work without JavaScript but the camera; with it, pages that show what changes are told by
// server-sent events and fetch themselves again ([static/live.js]).
//
// Texts are in text/*.toml beside the templates, German and English, each key in both; see [Text].
package web
