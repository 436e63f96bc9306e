// For tests: a small disk that can be full or read-only.
#ifndef THIMBLE_STUDIO_STORE_TEST_DISK_H_
#define THIMBLE_STUDIO_STORE_TEST_DISK_H_

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

namespace thimble::studio {

/// What OnASmallDisk gives where it may not mount one: the test is skipped.
constexpr int kNoSmallDisk = 77;

/// Runs `work` in a child with a disk of its own, of that size, at `folder`. What `work` gives is given back.
inline int OnASmallDisk(const std::filesystem::path& folder, int kilobytes, const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(kNoSmallDisk);
    (void)::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    const std::string size = "size=" + std::to_string(kilobytes) + "k";
    if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) != 0) ::_exit(kNoSmallDisk);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// For the child: what is opened there from now on can only be read.
inline bool MakeReadOnly(const std::filesystem::path& folder) {
  return ::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
         ::mount(nullptr, folder.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
}

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_STORE_TEST_DISK_H_
