// A studio for tests: a WebSocket server and an ingestion service on this computer, plain or with a certificate that is
// made on the spot.
#ifndef THIMBLE_BRIDGE_REMOTE_TEST_PEER_H_
#define THIMBLE_BRIDGE_REMOTE_TEST_PEER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace thimble::bridge {

/// An authority and a certificate of it for `name`, valid from an hour ago.
struct TestCertificate {
  std::string key_pem, certificate_pem;

  explicit TestCertificate(const std::string& name);
};

/// One device's connection, as a handler sees it. Each call waits.
struct PeerSocket {
  std::function<bool(std::string& bytes, bool& binary)> read;  ///< false: it has ended
  std::function<bool(const std::string& bytes, bool binary)> write;
  std::function<void()> close;
};

struct PeerPost {
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

struct PeerReply {
  int status = 200;
  std::string body = "stored";
  bool never = false;  ///< says nothing until the connection ends
  bool close = false;  ///< closes without a word
};

class TestPeer {
 public:
  using OnSocket = std::function<void(PeerSocket&)>;
  using OnPost = std::function<PeerReply(const PeerPost&)>;

  /// `certificate`: TLS; null: plain.
  TestPeer(OnSocket on_socket, OnPost on_post, const TestCertificate* certificate = nullptr);
  ~TestPeer();
  TestPeer(const TestPeer&) = delete;
  TestPeer& operator=(const TestPeer&) = delete;

  int management_port() const;
  int ingestion_port() const;

 private:
  class Doors;
  std::unique_ptr<Doors> doors_;
};

/// Takes connections and says nothing.
class MutePeer {
 public:
  MutePeer();
  ~MutePeer();
  MutePeer(const MutePeer&) = delete;
  MutePeer& operator=(const MutePeer&) = delete;
  int port() const;

 private:
  struct Door;
  std::unique_ptr<Door> door_;
};

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_TEST_PEER_H_
