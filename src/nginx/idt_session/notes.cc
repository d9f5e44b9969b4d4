/* Notes that the browser keeps: see core note.h. */

#include "idt_session/session.h"


namespace id_token::nginx {


std::optional<Note>
read_note(ngx_http_request_t *r, NoteKind kind, std::string_view cookie,
    const std::vector<CookiePair> &cookies)
{
    std::string  name = note_name(kind, cookie);

    for (const auto &pair : cookies) {
        if (pair.name == name) {
            return open_note(main_conf(r)->login.keys, kind, cookie,
                             pair.value, ngx_time());
        }
    }

    return std::nullopt;
}


ngx_int_t
write_note(ngx_http_request_t *r, NoteKind kind, std::string_view cookie,
    const Note &note, SameSite same_site)
{
    return add_header(r, "Set-Cookie",
                      set_cookie(note_name(kind, cookie),
                                 seal_note(main_conf(r)->login.keys, kind,
                                           cookie, note),
                                 note.until - ngx_time(), same_site));
}


}  // namespace id_token::nginx
