// Files of one folder as answers: with tags, ranges and ready-compressed siblings, and no way out of the folder.
#ifndef THIMBLE_HTTP_FILES_H_
#define THIMBLE_HTTP_FILES_H_

#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace thimble::http {

/// "text/javascript; charset=utf-8" for "index.js"; "application/octet-stream" for what is not known.
std::string_view MediaType(std::string_view file_name);

/// The open file (or a part of it) as an answer to GET: tag, date, 304, 206, 416. `headers` may hold a Content-Type
/// and a tag of the caller's own.
Response FileResponse(const Request& request, int descriptor, std::string_view media_type, Headers headers = {});

class Folder {
 public:
  /// kNotFound when it is no folder.
  static Expected<Folder> Open(const std::string& path);
  Folder(Folder&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Folder& operator=(Folder&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Folder();

  /// The file "assets/index.js", or 404. Each step is opened from the one before and none may be a link or "..", so
  /// nothing outside is ever opened, whatever happens to the folder meanwhile. Where the asker takes gzip and there is
  /// "index.js.gz" beside it, that is sent.
  Response Serve(const Request& request, std::string_view relative, Headers headers = {}) const;

 private:
  explicit Folder(int descriptor) : descriptor_(descriptor) {}
  int OpenFile(std::string_view relative) const;
  int descriptor_;
};

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_FILES_H_
