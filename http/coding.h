// How HTTP writes things down: percent signs, forms, cookies, passwords, dates, lists, and JSON's quotation marks.
#ifndef THIMBLE_HTTP_CODING_H_
#define THIMBLE_HTTP_CODING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::http {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// The value of the first field of that name, exactly as written; nullopt without one.
std::optional<std::string_view> Find(const Fields& fields, std::string_view name);

/// ASCII letters alike in both cases, as the names of headers are.
bool SameWord(std::string_view a, std::string_view b);

/// Without spaces and tabs at both ends.
std::string_view Trim(std::string_view text);

/// Is `word` among the comma-separated ones, in any case? What stands behind a semicolon does not count.
bool ListHas(std::string_view list, std::string_view word);

/// %XX become bytes (RFC 3986, 2.1). nullopt for a percent sign that is not followed by two hexadecimal digits, and for
/// a NUL, which no name here can hold. `plus_is_space`: forms write spaces so.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space = false);

/// Everything but letters, digits and -._~ becomes %XX.
std::string PercentEncode(std::string_view text);

/// "a=1&b=%20": what stands behind a question mark, or a form's body. nullopt when a percent sign is wrong.
std::optional<Fields> ParseForm(std::string_view text);

/// The value of a Cookie header. What is no name=value is passed over.
Fields ParseCookies(std::string_view header);

struct Cookie {
  std::string name, value;
  std::string path = "/";
  std::optional<int64_t> max_age_s;  ///< without: until the browser closes; 0 or less: gone at once
  bool secure = true;
  bool http_only = true;
  std::string same_site = "Lax";
};

/// The value of a Set-Cookie header (RFC 6265, 4.1).
std::string WriteCookie(const Cookie& cookie);

struct Credentials {
  std::string user, password;
};

/// The value of an Authorization header of the scheme Basic (RFC 7617).
std::optional<Credentials> ParseBasic(std::string_view header);

std::string Base64(std::string_view bytes);

/// nullopt for letters that are none, and for a length that is not a multiple of four.
std::optional<std::string> FromBase64(std::string_view text);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) for seconds since 1970.
std::string WriteDate(int64_t unix_s);

/// The same back; the two obsolete ways of writing are nullopt.
std::optional<int64_t> ParseDate(std::string_view text);

/// `text` as a JSON string, with its quotation marks. Bytes that are no UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

/// Is it UTF-8, without surrogates and overlong forms?
bool IsUtf8(std::string_view bytes);

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_CODING_H_
