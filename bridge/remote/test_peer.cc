#include "bridge/remote/test_peer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>  // Boost 1.74 needs it before its own headers
#include <vector>

namespace thimble::bridge {
namespace {

std::string Pem(const std::function<void(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

TestCertificate::TestCertificate(const std::string& name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::string names = "DNS:" + name;
  for (const auto& [id, text] :
       {std::pair<int, std::string>{NID_basic_constraints, "critical,CA:TRUE"}, {NID_subject_alt_name, names}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, text.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate, key, EVP_sha256());
  key_pem = Pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
  certificate_pem = Pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
  X509_free(certificate);
  EVP_PKEY_free(key);
}

class TestPeer::Doors {
 public:
  Doors(OnSocket on_socket, OnPost on_post, const TestCertificate* certificate)
      : on_socket_(std::move(on_socket)), on_post_(std::move(on_post)), tls_(boost::asio::ssl::context::tls_server) {
    if (certificate != nullptr) {
      secure_ = true;
      tls_.use_certificate(boost::asio::buffer(certificate->certificate_pem), boost::asio::ssl::context::pem);
      tls_.use_private_key(boost::asio::buffer(certificate->key_pem), boost::asio::ssl::context::pem);
    }
    doors_[0] = std::thread([this] { Accept(management_, true); });
    doors_[1] = std::thread([this] { Accept(ingestion_, false); });
  }
  ~Doors() {
    stopping_ = true;
    for (Acceptor* acceptor : {&management_, &ingestion_}) ::shutdown(acceptor->native_handle(), SHUT_RDWR);
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& door : doors_) door.join();
    for (std::thread& thread : threads_) thread.join();
  }
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  int management_port() const { return management_.local_endpoint().port(); }
  int ingestion_port() const { return ingestion_.local_endpoint().port(); }

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;
  using Socket = boost::asio::ip::tcp::socket;
  using Tls = boost::asio::ssl::stream<Socket>;
  using ErrorCode = boost::system::error_code;

  static boost::asio::ip::tcp::endpoint Anywhere() { return {boost::asio::ip::address_v4::loopback(), 0}; }

  void Accept(Acceptor& acceptor, bool management) {
    while (!stopping_) {
      ErrorCode error;
      Socket socket(io_);
      acceptor.accept(socket, error);
      if (error) return;
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      const int handle = socket.native_handle();
      sockets_.insert(handle);
      threads_.emplace_back([this, management, handle, socket = std::move(socket)]() mutable {
        Serve(std::move(socket), management, handle);
      });
    }
  }

  void Forget(int handle) {
    const std::lock_guard lock(mutex_);
    sockets_.erase(handle);
  }

  void Serve(Socket socket, bool management, int handle) {
    if (secure_) {
      Tls stream(std::move(socket), tls_);
      ErrorCode error;
      stream.handshake(boost::asio::ssl::stream_base::server, error);
      if (!error) management ? Manage(stream) : Ingest(stream);
      Forget(handle);
    } else {
      management ? Manage(socket) : Ingest(socket);
      Forget(handle);
    }
  }

  template <typename Stream>
  void Manage(Stream& stream) {
    boost::beast::websocket::stream<Stream&> socket(stream);
    ErrorCode error;
    socket.accept(error);
    if (error) return;
    boost::beast::flat_buffer buffer;
    PeerSocket peer;
    peer.read = [&](std::string& bytes, bool& binary) {
      buffer.clear();
      socket.read(buffer, error);
      bytes = boost::beast::buffers_to_string(buffer.data());
      binary = socket.got_binary();
      return !error;
    };
    peer.write = [&](const std::string& bytes, bool binary) {
      socket.binary(binary);
      socket.write(boost::asio::buffer(bytes), error);
      return !error;
    };
    peer.close = [&] { socket.close({boost::beast::websocket::close_code::policy_error, "enough"}, error); };
    on_socket_(peer);
  }

  template <typename Stream>
  void Ingest(Stream& stream) {
    namespace http = boost::beast::http;
    boost::beast::flat_buffer buffer;
    http::request_parser<http::string_body> parser;
    parser.body_limit(64 * 1024 * 1024);
    ErrorCode error;
    http::read(stream, buffer, parser, error);
    if (error) return;
    PeerPost post{std::string(parser.get().target()), {}, parser.get().body()};
    for (const auto& field : parser.get()) {
      std::string name(field.name_string());
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      post.headers[name] = std::string(field.value());
    }
    const PeerReply reply = on_post_(post);
    if (reply.close) return;
    if (reply.never) {
      char byte = 0;
      boost::asio::read(stream, boost::asio::buffer(&byte, 1), error);
      return;
    }
    http::response<http::string_body> response{http::status(reply.status), 11, reply.body};
    response.prepare_payload();
    http::write(stream, response, error);
  }

  OnSocket on_socket_;
  OnPost on_post_;
  boost::asio::io_context io_;
  boost::asio::ssl::context tls_;
  bool secure_ = false;
  Acceptor management_{io_, Anywhere()}, ingestion_{io_, Anywhere()};
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::set<int> sockets_;
  std::thread doors_[2];
  std::vector<std::thread> threads_;
};

TestPeer::TestPeer(OnSocket on_socket, OnPost on_post, const TestCertificate* certificate)
    : doors_(std::make_unique<Doors>(std::move(on_socket), std::move(on_post), certificate)) {}
TestPeer::~TestPeer() = default;
int TestPeer::management_port() const { return doors_->management_port(); }
int TestPeer::ingestion_port() const { return doors_->ingestion_port(); }

struct MutePeer::Door {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
};

MutePeer::MutePeer() : door_(std::make_unique<Door>()) {}
MutePeer::~MutePeer() = default;
int MutePeer::port() const { return door_->acceptor.local_endpoint().port(); }

}  // namespace thimble::bridge
