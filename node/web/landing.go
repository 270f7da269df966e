package web

import "net/http"

// landing answers who was sent here by another program or site, with a page that has nothing but the way on, query included. The session's
// cookie is for this site alone (SameSite=Strict), so a browser that comes from elsewhere does not send it: not even a redirect would have it,
// only a page of this server that goes on by itself. So nothing of a session can be touched by being sent here, and what the page behind it does
// without a form it does not do. It is as public as the page for those who are not let in.
func (s *Server) landing(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.RawQuery) > maxLanding {
			http.Error(w, "This address is too long.", http.StatusRequestURITooLong)
			return
		}
		s.show(&Call{W: w, R: r, Lang: langOf(r), server: s}, http.StatusOK, "landing", to+"?"+r.URL.RawQuery)
	}
}
