// Clients for measuring: many kept-alive connections to this computer, driven by one thread, and what they saw.
#ifndef THIMBLE_TESTS_LOAD_CLIENT_H_
#define THIMBLE_TESTS_LOAD_CLIENT_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace thimble::load {

/// Ends the program: what cannot be measured is no figure.
[[noreturn]] void Fail(const std::string& sentence);

/// A socket on which requests and answers follow each other.
class Connection {
 public:
  explicit Connection(int port);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int descriptor() const { return descriptor_; }
  void Send(std::string_view bytes) const;
  /// Takes what has come: true when the answer is whole.
  bool Receive();
  /// Of the whole answer, until the next Receive; fails unless it is of the 200s, or `wanted`.
  std::string_view Take(int wanted = 0);
  /// So many bytes that are no answer.
  std::string Read(size_t bytes);

 private:
  int descriptor_ = -1;
  std::string buffer_;
  size_t head_bytes_ = 0, answer_bytes_ = 0;
  bool taken_ = false;
};

/// One request by a connection of its own, as the whole answer's body.
std::string Ask(int port, const std::string& request, int wanted = 0);

/// A request as it goes over the wire; `headers` end with a line's end.
std::string Request(std::string_view method, std::string_view target, std::string_view headers = {},
                    std::string_view body = {});

/// What a row of answers took.
struct Times {
  double seconds = 0;           ///< all together
  std::vector<double> each_ms;  ///< sorted

  double per_s() const { return static_cast<double>(each_ms.size()) / seconds; }
  double Quantile(double part) const;
};

/// Each of `connections` sends what `next` gives (null: no more), waits for its answer, and goes on.
Times Drive(int port, int connections, const std::function<const std::string*()>& next);

/// The same request for so long.
Times Repeat(int port, int connections, const std::string& request, double seconds);

}  // namespace thimble::load

#endif  // THIMBLE_TESTS_LOAD_CLIENT_H_
