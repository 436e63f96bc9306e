#include "studio/store/blobs.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "studio/store/test_database.h"
#include "studio/store/test_disk.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Blobs> OpenBlobs(const fs::path& folder) {
  auto opened = Blobs::Open(folder);
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  return opened.ok() ? *std::move(opened) : nullptr;
}

size_t FilesIn(const fs::path& folder) {
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) files += entry.is_regular_file() ? 1 : 0;
  return files;
}

std::string Noise(size_t bytes) {
  std::mt19937 random(1);
  std::string noise;
  for (size_t i = 0; i < bytes; ++i) noise += static_cast<char>(random());
  return noise;
}

TEST(Blobs, NamesAContentByItsSha256) {
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(IsBlobHash(Sha256("")));
  EXPECT_FALSE(IsBlobHash(Sha256("").substr(1)));
  EXPECT_FALSE(IsBlobHash("../../../../../../../../../../../../../../../../../../../etc/passwdX"));
}

RC_GTEST_PROP(Blobs, GivesBackWhatItTook, (const std::string& content, unsigned int cut, unsigned int count)) {
  const TestFolder folder;
  const auto blobs = OpenBlobs(folder.path());
  const auto put = blobs->Put(content);
  RC_ASSERT(put.ok());
  RC_ASSERT(*blobs->Read(put->hash()) == content);
  const size_t from = cut % (content.size() + 1);
  RC_ASSERT(*blobs->ReadRange(put->hash(), static_cast<int64_t>(from), count % 100) ==
            content.substr(from, count % 100));
}

TEST(Blobs, PacksWhatShrinksAndLeavesTheRest) {
  const TestFolder folder;
  const auto blobs = OpenBlobs(folder.path());
  EXPECT_EQ(blobs->FileOf(blobs->Put(std::string(1000, 'a'))->hash())->extension(), ".zst");
  EXPECT_EQ(blobs->FileOf(blobs->Put("\xff\xd8\xff" + std::string(1000, 'a'))->hash())->extension(), "");
  EXPECT_EQ(blobs->FileOf(blobs->Put(Noise(1000))->hash())->extension(), "");
}

TEST(Blobs, StreamsAreWhatTheWholeIs) {
  const TestFolder folder;
  const auto blobs = OpenBlobs(folder.path());
  for (const std::string& content :
       {std::string(), std::string("x"), std::string(700'000, 'y') + Noise(5000), "\xff\xd8\xff" + Noise(300'000)}) {
    auto writer = *blobs->StartWriting();
    for (size_t at = 0; at < content.size(); at += 9973) ASSERT_TRUE(writer.Append(content.substr(at, 9973)).ok());
    StagedBlob staged = *writer.Finish();
    EXPECT_FALSE(blobs->Has(staged.hash())) << "it is not published";
    StagedBlob* const one[] = {&staged};
    ASSERT_TRUE(blobs->Publish(one).ok());
    EXPECT_EQ(staged.hash(), Sha256(content));
    EXPECT_EQ(*blobs->Read(staged.hash()), content);
  }
  EXPECT_EQ(FilesIn(folder.path() / "incoming"), 0u);
}

TEST(Blobs, WhatIsGivenUpLeavesNothing) {
  const TestFolder folder;
  const auto blobs = OpenBlobs(folder.path());
  {
    auto writer = *blobs->StartWriting();
    ASSERT_TRUE(writer.Append("half").ok());
    const auto staged = blobs->Stage("never published");
    ASSERT_TRUE(staged.ok());
    EXPECT_EQ(FilesIn(folder.path()), 2u);
  }
  EXPECT_EQ(FilesIn(folder.path()), 0u);
}

TEST(Blobs, EqualContentsAreOneFile) {
  const TestFolder folder;
  const auto blobs = OpenBlobs(folder.path());
  StagedBlob first = *blobs->Stage("same"), second = *blobs->Stage("same");
  StagedBlob* const both[] = {&first, &second};
  ASSERT_TRUE(blobs->Publish(both).ok());
  ASSERT_TRUE(blobs->Put("same").ok());
  EXPECT_EQ(FilesIn(folder.path()), 1u);
}

TEST(Blobs, FindsDamage) {
  const TestFolder folder;
  const auto blobs = OpenBlobs(folder.path());
  for (const std::string& content : {std::string(5000, 'a'), Noise(5000)}) {
    const std::string hash = blobs->Put(content)->hash();
    const fs::path file = *blobs->FileOf(hash);
    std::ifstream in(file, std::ios::binary);
    const std::string stored((std::istreambuf_iterator<char>(in)), {});
    for (size_t at = 0; at < stored.size(); at += 1 + stored.size() / 40) {
      std::string bytes = stored;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      std::ofstream(file, std::ios::binary) << bytes;
      const auto read = blobs->Read(hash);
      // A few bits of a frame's head mean nothing to its content.
      if (read.ok()) {
        EXPECT_EQ(*read, content);
        continue;
      }
      EXPECT_EQ(read.error().status, Status::kDataLoss);
      EXPECT_EQ(blobs->Verify().problems.size(), 1u);
    }
    std::ofstream(file, std::ios::binary) << stored.substr(0, stored.size() - 1);
    EXPECT_FALSE(blobs->Read(hash).ok());
    std::ofstream(file, std::ios::binary) << stored;
  }
  EXPECT_TRUE(blobs->Verify().problems.empty());
  EXPECT_EQ(blobs->Verify().blobs, 2);
  std::ofstream(folder.path() / "sha256" / "stranger") << "x";
  EXPECT_EQ(blobs->Verify().problems.size(), 1u);
}

TEST(Blobs, WhatWasDurableButNotInItsPlaceIsFoundAfterAPowerCut) {
  const TestFolder folder;
  const std::string content(3000, 'z');
  std::string hash;
  {
    const auto blobs = OpenBlobs(folder.path());
    hash = blobs->Put(content)->hash();
    const fs::path file = *blobs->FileOf(hash);
    fs::rename(file, folder.path() / "incoming" / ("7-" + hash + ".zst"));
    std::ofstream(folder.path() / "incoming" / ("8-" + Sha256("torn"))) << "to";
    std::ofstream(folder.path() / "incoming" / "9-writing") << "half";
  }
  const auto blobs = OpenBlobs(folder.path());
  EXPECT_EQ(*blobs->Read(hash), content);
  EXPECT_FALSE(blobs->Has(Sha256("torn")));
  EXPECT_EQ(FilesIn(folder.path()), 1u);
}

TEST(Blobs, GarbageIsWhatNothingRefersToAndNobodyHolds) {
  const TestFolder folder;
  const auto blobs = OpenBlobs(folder.path());
  const std::string referenced = blobs->Put("referenced")->hash();
  const std::string forgotten = blobs->Put("forgotten")->hash();
  const StagedBlob held = *blobs->Put("held");
  std::string came_meanwhile;
  const auto collected = blobs->CollectGarbage([&](std::string_view prefix) -> Expected<Blobs::HashSet> {
    if (came_meanwhile.empty()) came_meanwhile = blobs->Put("came meanwhile")->hash();
    Blobs::HashSet hashes;
    if (referenced.starts_with(prefix)) hashes.insert(referenced);
    return hashes;
  });
  EXPECT_EQ(collected->blobs, 1);
  EXPECT_TRUE(blobs->Has(referenced));
  EXPECT_FALSE(blobs->Has(forgotten));
  EXPECT_TRUE(blobs->Has(held.hash()));
  EXPECT_TRUE(blobs->Has(came_meanwhile));
  const auto failed = blobs->CollectGarbage([](std::string_view) -> Expected<Blobs::HashSet> {
    return {Status::kFailed, "the database is away"};
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_TRUE(blobs->Has(referenced));
}

TEST(Blobs, UnknownHashesAreNotFound) {
  const TestFolder folder;
  const auto blobs = OpenBlobs(folder.path());
  EXPECT_EQ(blobs->Read(Sha256("x")).error().status, Status::kNotFound);
  EXPECT_FALSE(blobs->Read("../lock").ok());
}

TEST(Blobs, AFullDiskIsASentenceAndLosesNothing) {
  const TestFolder folder;
  const int result = OnASmallDisk(folder.path(), 256, [&] {
    const auto blobs = OpenBlobs(folder.path());
    const auto small = blobs->Put("small");
    if (!small.ok()) return 1;
    const auto large = blobs->Put(Noise(1'000'000));
    if (large.ok() || large.error().status != Status::kOutOfMemory) return 2;
    if (large.error().message.find("the disk is full") == std::string::npos) return 3;
    {
      auto writer = blobs->StartWriting();
      if (!writer.ok() || writer->Append(Noise(1'000'000)).ok()) return 4;
    }
    if (*blobs->Read(small->hash()) != "small" || !blobs->Verify().problems.empty()) return 5;
    return blobs->Put(Noise(1000)).ok() ? 0 : 6;
  });
  if (result == kNoSmallDisk) GTEST_SKIP() << "mounting a small disk is not permitted here";
  EXPECT_EQ(result, 0);
}

TEST(Blobs, AReadOnlyDiskIsASentence) {
  const TestFolder folder;
  const int result = OnASmallDisk(folder.path(), 256, [&] {
    const auto blobs = OpenBlobs(folder.path());
    if (!blobs->Put("small").ok()) return 1;
    if (!MakeReadOnly(folder.path())) return kNoSmallDisk;
    const auto refused = blobs->Put("more");
    if (refused.ok() || refused.error().message.find("read-only") == std::string::npos) return 2;
    return *blobs->Read(Sha256("small")) == "small" ? 0 : 3;
  });
  if (result == kNoSmallDisk) GTEST_SKIP() << "mounting a small disk is not permitted here";
  EXPECT_EQ(result, 0);
}

TEST(Blobs, AHundredMegabytesPassThroughLittleMemory) {
  const TestFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto blobs = OpenBlobs(folder.path());
    rusage before, after;
    ::getrusage(RUSAGE_SELF, &before);
    auto writer = *blobs->StartWriting();
    std::string piece(64 * 1024, 'x');
    for (int i = 0; i < 1600; ++i) {
      piece[static_cast<size_t>(i)] = static_cast<char>(i);
      if (!writer.Append(piece).ok()) ::_exit(1);
    }
    StagedBlob staged = *writer.Finish();
    StagedBlob* const one[] = {&staged};
    if (!blobs->Publish(one).ok()) ::_exit(2);
    auto reader = *blobs->OpenReader(staged.hash());
    if (!reader.Skip(INT64_MAX).ok()) ::_exit(3);
    ::getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__
    if (after.ru_maxrss - before.ru_maxrss > 16 * 1024) ::_exit(4);
#endif
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace thimble::studio
