// Tells whoever listens what changed, so that pages need not ask again and again.
#ifndef THIMBLE_STUDIO_SERVER_NOTICES_H_
#define THIMBLE_STUDIO_SERVER_NOTICES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace thimble::studio {

/// One thing that happened, as it is sent to pages.
struct Notice {
  int64_t project_id = 0;  ///< 0: of the whole server
  std::string kind;        ///< "sample", "device", "job", "sampling"
  std::string json;        ///< one object
};

/// Thread-safe.
class Notices {
 public:
  /// Keeps a listener registered as long as it lives.
  class Listening {
   public:
    Listening(Listening&& other) noexcept;
    Listening& operator=(Listening&& other) noexcept;
    ~Listening();

   private:
    friend class Notices;
    Listening(Notices* notices, int64_t id) : notices_(notices), id_(id) {}
    Notices* notices_;
    int64_t id_;
  };

  /// `heard` is called on the thread that tells, must not wait, and must not listen or stop listening itself.
  [[nodiscard]] Listening Listen(std::function<void(const Notice&)> heard);

  /// The same for as long as `heard` gives true, for those that end by themselves, such as a page's connection.
  void Follow(std::function<bool(const Notice&)> heard);

  void Tell(const Notice& notice);

 private:
  void Remove(int64_t id);

  struct Listener {
    int64_t id;
    std::function<bool(const Notice&)> heard;  ///< false: no more
  };
  std::mutex mutex_;
  std::vector<Listener> listeners_;
  int64_t next_id_ = 1;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_NOTICES_H_
