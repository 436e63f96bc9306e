// Edge Impulse's own clients from npm, unchanged, against `thimble serve`: uploads, a camera, training, a build.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "studio/store/test_database.h"
#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;

/// The clients know only these ports; somebody's own studio may be there.
bool IsFree(uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool is_free = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return is_free;
}

TEST(EdgeImpulseClients, UploadTrainBuildAndTakePicturesUnchanged) {
  const fs::path root = THIMBLE_SOURCE_DIR;
  const fs::path modules = root / "build" / "npm";
  if (std::system("node --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "there is no node here";
  if (!fs::exists(modules / "node_modules" / "edge-impulse-linux")) {
    GTEST_SKIP() << "the clients are not in " << modules << "; ./run test brings them when npm answers";
  }
  for (const uint16_t port : {4800, 4802, 4810}) {
    if (!IsFree(port)) GTEST_SKIP() << "port " << port << " is taken, and the clients know no other";
  }
  // One after the other: they share the ports.
  std::vector<std::string> databases = {""};
  if (auto* const postgresql = studio::TestPostgresql::Get()) databases.push_back(postgresql->MakeDatabase());
  for (const std::string& database : databases) {
    const TemporaryFolder folder;
    const std::string command = "node '" + (root / "tests/npm/clients.js").string() + "' '" THIMBLE_COMMAND "' '" +
                                modules.string() + "' '" + folder.path().string() + "' " +
                                (database.empty() ? "" : "--db '" + database + "'") + " 2>&1";
    FILE* const pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string said;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said += static_cast<char>(c);
    const int status = ::pclose(pipe);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << database << "\n" << said;
  }
}

}  // namespace
}  // namespace thimble::journeys
