#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "bridge/flash/flash_file.h"
#include "bridge/flash/flash_kit.h"

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;

class Flash : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/thimble-flash-test-XXXXXX";
    folder_ = mkdtemp(folder);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  static std::string Contents(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  /// Vectors of a program that starts at `entry`, and something behind them.
  static std::string Program(uint32_t entry, size_t bytes = 5000) {
    std::string image(bytes, 'p');
    const uint32_t vectors[2] = {0x2004'0000, entry};
    image.replace(0, 8, reinterpret_cast<const char*>(vectors), 8);
    return image;
  }
  KitImage Image() const {
    auto image = LoadKitImage(Write("program.bin", Program(0x0800'c101)));
    EXPECT_TRUE(image.ok()) << image.error().message;
    return *image;
  }
  /// A program of the shell in the place of OpenOCD.
  OpenOcdOptions Script(const std::string& text) const {
    const fs::path path = Write("openocd", "#!/bin/sh\n" + text);
    chmod(path.c_str(), 0755);
    OpenOcdOptions options;
    options.program = path.string();
    return options;
  }

  fs::path folder_;
};

TEST_F(Flash, RefusesAnImageForAnotherBoard) {
  const auto other = LoadKitImage(Write("other.bin", Program(0x0000'0101)));
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("other.bin"), std::string::npos);
  EXPECT_FALSE(LoadKitImage(Write("loader.bin", Program(0x0800'0201))).ok()) << "it would replace the boot loader";
  EXPECT_FALSE(LoadKitImage(Write("text.bin", "hello")).ok());
  EXPECT_EQ(LoadKitImage(folder_ / "none.bin").error().status, Status::kNotFound);
}

TEST_F(Flash, AnswersAsTheVirtualBoardWouldReadIt) {
  const KitImage image = Image();
  const fs::path file = folder_ / "board.flash";
  const auto report = FlashVirtual(image, file, {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_TRUE(report->verified);
  simulator::Kit kit;
  const auto loaded = FlashFile::Load(file);
  ASSERT_TRUE(loaded.ok());
  loaded->PutInto(kit);
  uint32_t value = 0;
  ASSERT_TRUE(kit.chip().Peek(0x0800'c004, 4, value));
  EXPECT_EQ(value, 0x0800'c101u);
  EXPECT_TRUE(FlashFile::Of(kit).Holds(image.program));
}

TEST_F(Flash, ErasesOnlyTheSectorsOfTheProgram) {
  FlashFile file;
  file.flash[0xc000 + 10'000] = std::byte{1};  // in the program's sector, behind it
  file.flash[0x1'0000] = std::byte{2};         // in the next one
  file.external[7] = std::byte{3};
  ASSERT_TRUE(file.Save(folder_ / "board.flash").ok());
  ASSERT_TRUE(FlashVirtual(Image(), folder_ / "board.flash", {}).ok());
  const auto after = FlashFile::Load(folder_ / "board.flash");
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->flash[0xc000 + 10'000], std::byte{0xff});
  EXPECT_EQ(after->flash[0x1'0000], std::byte{2});
  EXPECT_EQ(after->external[7], std::byte{3});
}

TEST_F(Flash, RefusesADamagedFlashImage) {
  const fs::path file = folder_ / "board.flash";
  ASSERT_TRUE(FlashFile().Save(file).ok());
  std::string bytes = Contents(file);
  bytes[100'000] = 'x';
  EXPECT_EQ(FlashFile::Load(Write("changed", bytes)).error().status, Status::kDataLoss);
  EXPECT_EQ(FlashFile::Load(Write("short", bytes.substr(0, 1000))).error().status, Status::kDataLoss);
  EXPECT_EQ(FlashFile::Load(Write("other", "hello")).error().status, Status::kDataLoss);
  EXPECT_EQ(FlashVirtual(Image(), folder_ / "other", {}).error().status, Status::kDataLoss);
  EXPECT_EQ(Contents(folder_ / "other"), "hello");
}

TEST_F(Flash, KeepsTheOldImageWhenTheDiskIsFull) {
  const fs::path file = folder_ / "board.flash";
  ASSERT_TRUE(FlashFile().Save(file).ok());
  const std::string before = Contents(file);
  const KitImage image = Image();
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {100'000, 100'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto report = FlashVirtual(image, file, {});
    _exit(!report.ok() && report.error().status == Status::kFailed ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Contents(file), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2) << "the program and the image, nothing half-written";
}

TEST_F(Flash, DryRunsWriteNothing) {
  FlashRequest request;
  request.dry_run = true;
  EXPECT_FALSE(FlashVirtual(Image(), folder_ / "board.flash", request)->verified);
  EXPECT_FALSE(fs::exists(folder_ / "board.flash"));
  const auto report = FlashByOpenOcd(Image(), Script("touch " + (folder_ / "ran").string()), request);
  ASSERT_TRUE(report.ok());
  EXPECT_NE(report->steps.at(0).find("verify reset exit 0x0800C000"), std::string::npos) << report->steps.at(0);
  EXPECT_FALSE(fs::exists(folder_ / "ran"));
}

TEST_F(Flash, GivesOpenOcdTheImageAndBelievesOnlyItsVerification) {
  const std::string kept = (folder_ / "kept").string();
  const auto good =
      FlashByOpenOcd(Image(),
                     Script("echo \"$@\" > " + kept + ".words\nfile=${6#program {}\ncp \"${file%%\\}*}\" " + kept +
                            "\necho '** Verified OK **'\n"),
                     {});
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_TRUE(good->verified);
  EXPECT_EQ(Contents(kept), Program(0x0800'c101));
  EXPECT_EQ(Contents(kept + ".words").find("-f interface/stlink.cfg -f target/stm32f4x.cfg -c program {"), 0u);

  const auto quiet = FlashByOpenOcd(Image(), Script("exit 0\n"), {});
  EXPECT_EQ(quiet.error().status, Status::kVerificationFailed);
  const auto wrong = FlashByOpenOcd(Image(), Script("echo '** Verify Failed **'; exit 1\n"), {});
  EXPECT_EQ(wrong.error().status, Status::kVerificationFailed);
  const auto absent = FlashByOpenOcd(Image(), Script("echo 'Error: open failed' >&2; exit 1\n"), {});
  EXPECT_EQ(absent.error().status, Status::kDeviceFailed);
  EXPECT_NE(absent.error().message.find("Error: open failed"), std::string::npos);
  OpenOcdOptions none;
  none.program = "openocd-that-is-not-there";
  EXPECT_EQ(FlashByOpenOcd(Image(), none, {}).error().status, Status::kNotFound);
}

TEST_F(Flash, EndsAnOpenOcdThatHangs) {
  OpenOcdOptions options = Script("exec sleep 60\n");
  options.timeout_ms = 200;
  EXPECT_EQ(FlashByOpenOcd(Image(), options, {}).error().status, Status::kDeviceFailed);
  std::atomic<bool> cancelled = true;
  FlashRequest request;
  request.cancelled = &cancelled;
  EXPECT_EQ(FlashByOpenOcd(Image(), Script("exec sleep 60\n"), request).error().status, Status::kCancelled);
}

TEST_F(Flash, FindsTheDriveByItsName) {
  const fs::path mounts = Write("mounts", "/dev/sda1 / ext4 rw 0 0\n/dev/sdb /media/my\\040user/AZ3166 vfat rw 0 0\n");
  EXPECT_EQ(FindVolume("AZ3166", mounts), "/media/my user/AZ3166");
  EXPECT_EQ(FindVolume("MICROBIT", mounts), "");
}

/// The kit behind its drive: takes the image away, is gone for a moment, and comes back.
class DriveTest : public Flash {
 protected:
  FlashRequest Quiet() const { return {}; }
  DriveOptions Drive() const {
    fs::create_directories(folder_ / "AZ3166");
    DriveOptions options;
    options.mounts = folder_ / "mounts";
    options.timeout_ms = 5000;
    options.leaving_ms = 400;
    Mount(true);
    return options;
  }
  void Mount(bool there) const {
    Write("mounts.new", there ? "/dev/sdb " + (folder_ / "AZ3166").string() + " vfat rw 0 0\n" : "");
    fs::rename(folder_ / "mounts.new", folder_ / "mounts");
  }
  std::thread Kit(const std::string& failure, bool returns = true) {
    return std::thread([this, failure, returns] {
      const fs::path image = folder_ / "AZ3166/thimble.bin";
      while (!fs::exists(image) || fs::file_size(image) < 5000)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      Mount(false);
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
      got_ = Contents(image);
      fs::remove(image);
      if (!failure.empty()) Write("AZ3166/FAIL.TXT", failure);
      if (returns) Mount(true);
    });
  }
  std::string got_;
};

TEST_F(DriveTest, CopiesWaitsAndLooksForAFailure) {
  const DriveOptions options = Drive();
  std::thread kit = Kit("");
  const auto report = FlashByDrive(Image(), options, Quiet());
  kit.join();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(got_, Program(0x0800'c101));
}

TEST_F(DriveTest, TellsWhatTheKitSays) {
  const DriveOptions options = Drive();
  std::thread kit = Kit("The interface firmware FAILED to reset/halt the target MCU\r\n");
  const auto report = FlashByDrive(Image(), options, Quiet());
  kit.join();
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().status, Status::kDeviceFailed);
  EXPECT_NE(report.error().message.find("FAILED to reset/halt"), std::string::npos) << report.error().message;
}

TEST_F(DriveTest, DoesNotWaitForEver) {
  DriveOptions options = Drive();
  EXPECT_EQ(FlashByDrive(Image(), options, Quiet()).error().status, Status::kDeviceFailed) << "nobody took the image";
  fs::remove(folder_ / "AZ3166/thimble.bin");
  options.timeout_ms = 500;
  std::thread kit = Kit("", false);
  EXPECT_EQ(FlashByDrive(Image(), options, Quiet()).error().status, Status::kDeviceFailed) << "it does not come back";
  kit.join();
  EXPECT_EQ(FlashByDrive(Image(), options, Quiet()).error().status, Status::kNotFound) << "and is not there";
}

}  // namespace
}  // namespace thimble::bridge
