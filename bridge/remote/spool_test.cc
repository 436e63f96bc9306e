#include "bridge/remote/spool.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <fstream>

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    std::string name = (fs::temp_directory_path() / "thimble_spool_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~SpoolTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Spool> Open() {
    notices_.clear();
    auto spool = Spool::Open(folder_, notices_);
    EXPECT_TRUE(spool.ok()) << spool.error().message;
    return *std::move(spool);
  }
  static Shipment Of(const std::string& label) {
    return {"/api/training/data", label, "application/cbor", "", std::string("body\0of ", 8) + label, false};
  }
  static std::string Oldest(Spool& spool) {
    auto next = spool.Oldest();
    return next.ok() && *next ? (*next)->shipment.label : "-";
  }

  fs::path folder_;
  std::vector<std::string> notices_;
};

TEST_F(SpoolTest, WhatWaitsIsThereInOrderInTheNextSession) {
  {
    auto spool = Open();
    for (int i = 0; i < 12; ++i) EXPECT_TRUE(spool->Put(Of("wave" + std::to_string(i))).on_disk.ok());
    spool->Remove((*spool->Oldest())->number);
    EXPECT_FALSE((*spool->Oldest())->shipment.tried);
  }
  auto spool = Open();
  EXPECT_EQ(spool->size(), 11u);
  for (int i = 1; i < 12; ++i) {
    const auto next = spool->Oldest();
    ASSERT_TRUE(next.ok() && *next);
    EXPECT_EQ((*next)->shipment.label, "wave" + std::to_string(i));
    EXPECT_EQ((*next)->shipment.body, Of("wave" + std::to_string(i)).body);
    EXPECT_TRUE((*next)->shipment.tried) << "an earlier session may have sent it";
    spool->Remove((*next)->number);
  }
  EXPECT_EQ(Oldest(*spool), "-");
}

TEST_F(SpoolTest, TwoBridgesDoNotShareAFolder) {
  const auto first = Open();
  const auto second = Spool::Open(folder_, notices_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another bridge"), std::string::npos);
}

TEST_F(SpoolTest, HalfAFileIsSetAsideWithASentence) {
  const std::string whole = WriteShipment(Of("wave"));
  for (size_t length = 0; length < whole.size(); length += 7) {
    std::ofstream(folder_ / "000000000001.shipment", std::ios::binary) << whole.substr(0, length);
    auto spool = Open();
    EXPECT_EQ(spool->size(), 0u) << length;
    ASSERT_EQ(notices_.size(), 1u);
    EXPECT_NE(notices_[0].find("set aside"), std::string::npos);
    EXPECT_TRUE(fs::exists(folder_ / "000000000001.damaged"));
    EXPECT_EQ(spool->Put(Of("other")).number, 2u) << "its number is not given again";
    spool->Remove(2);
  }
}

TEST_F(SpoolTest, OneChangedByteIsDamage) {
  const std::string whole = WriteShipment(Of("wave"));
  ASSERT_TRUE(ReadShipment(whole).ok());
  for (size_t i = whole.size() - Of("wave").body.size(); i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 1;
    EXPECT_FALSE(ReadShipment(damaged).ok()) << i;
  }
}

TEST_F(SpoolTest, AHalfWrittenFileOfASessionThatEndedIsNoShipment) {
  std::ofstream(folder_ / "000000000007.new") << "thimble";
  EXPECT_EQ(Open()->size(), 0u);
  EXPECT_FALSE(fs::exists(folder_ / "000000000007.new"));
}

TEST_F(SpoolTest, AFullDiskIsASentenceAndTheRecordingStaysInMemory) {
  auto spool = Open();
  (void)spool->Put(Of("first"));
  signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit tight = {100, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  const Spool::Kept kept = spool->Put(Of("second"));
  setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(kept.on_disk.ok());
  EXPECT_NE(kept.on_disk.error().message.find("File too large"), std::string::npos) << kept.on_disk.error().message;
  EXPECT_EQ(spool->in_memory(), 1u);
  EXPECT_EQ(Oldest(*spool), "first");
  spool->Remove(1);
  EXPECT_EQ(Oldest(*spool), "second");
  spool->SaveMemory();
  EXPECT_EQ(spool->in_memory(), 0u) << "there is room again";
  spool.reset();
  EXPECT_EQ(Oldest(*Open()), "second");
}

TEST_F(SpoolTest, WhatIsRefusedIsKeptApart) {
  {
    auto spool = Open();
    (void)spool->Put(Of("wave"));
    EXPECT_TRUE(spool->SetAside(1).ok());
    EXPECT_EQ(spool->size(), 0u);
  }
  EXPECT_TRUE(fs::exists(folder_ / "000000000001.refused"));
  auto spool = Open();
  EXPECT_EQ(spool->size(), 0u);
  EXPECT_EQ(spool->Put(Of("next")).number, 2u);
}

TEST_F(SpoolTest, AFileThatChangesUnderUsIsSetAside) {
  auto spool = Open();
  (void)spool->Put(Of("wave"));
  (void)spool->Put(Of("next"));
  std::ofstream(folder_ / "000000000001.shipment") << "garbage";
  EXPECT_FALSE(spool->Oldest().ok());
  EXPECT_EQ(Oldest(*spool), "next");
}

TEST_F(SpoolTest, AFolderThatCannotBeMadeIsASentence) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_FALSE(Spool::Open(folder_ / "file" / "spool", notices_).ok());
}

}  // namespace
}  // namespace thimble::bridge
