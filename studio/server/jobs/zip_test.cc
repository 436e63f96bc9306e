// Tests of archives: ours read back, and those of strangers refused with a sentence.
#include "studio/server/jobs/zip.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace thimble::studio {
namespace {

constexpr uint64_t kMany = 1 << 20;

std::string Archive() {
  ZipWriter zip;
  EXPECT_TRUE(zip.Add("folder/a.txt", std::string(10'000, 'a')).ok());
  EXPECT_TRUE(zip.Add("é.bin", std::string("\0\1\2", 3)).ok());
  EXPECT_TRUE(zip.Add("empty", "").ok());
  return std::move(zip).Finish();
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(Zip, ReadsWhatItWrote) {
  const std::string archive = Archive();
  EXPECT_LT(archive.size(), 1000u);
  const auto entries = ReadZip(archive);
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].path, "folder/a.txt");
  EXPECT_EQ(*Unpack((*entries)[0], kMany), std::string(10'000, 'a'));
  EXPECT_EQ(*Unpack((*entries)[1], kMany), std::string("\0\1\2", 3));
  EXPECT_EQ(*Unpack((*entries)[2], kMany), "");
  EXPECT_EQ(archive, Archive());
}

TEST(Zip, PathsThatLeadOutAreRefused) {
  for (const char* path : {"../etc/pass", "/etc/passwd", "a/../../bbb", "c:/windows/"}) {
    std::string place(path);
    place.resize(std::string("folder/a.txt").size(), 'x');
    EXPECT_EQ(ReadZip(Replaced(Archive(), "folder/a.txt", place)).error().status, Status::kInvalidArgument) << path;
  }
}

TEST(Zip, BombsStayPacked) {
  const std::string archive = Archive();
  const auto entries = ReadZip(archive);
  EXPECT_EQ(Unpack((*entries)[0], 9'999).error().status, Status::kInvalidArgument);
  // The header says little, the content is much.
  ZipEntry liar = (*entries)[0];
  liar.bytes = 10;
  EXPECT_EQ(Unpack(liar, 100).error().status, Status::kDataLoss);
  EXPECT_EQ(ReadZip(archive, 2).error().status, Status::kInvalidArgument);
  // The same bytes as two files.
  std::string folded = archive;
  const std::string mark = "PK\x01\x02";
  folded.replace(folded.find(mark, folded.find(mark) + 1) + 42, 4, 4, '\0');
  EXPECT_NE(ReadZip(folded).error().message.find("lie over each other"), std::string::npos);
}

TEST(Zip, DamageIsFound) {
  const std::string archive = Archive();
  EXPECT_EQ(ReadZip("").error().status, Status::kDataLoss);
  EXPECT_EQ(ReadZip("PK").error().status, Status::kDataLoss);
  for (size_t bytes = 0; bytes < archive.size(); ++bytes) {
    EXPECT_FALSE(ReadZip(archive.substr(0, bytes)).ok()) << bytes;
  }
  ZipWriter zip;
  ASSERT_TRUE(zip.Add("a", "stored").ok());
  const std::string stored = std::move(zip).Finish();
  const std::string changed = Replaced(stored, "stored", "stared");
  EXPECT_EQ(Unpack(ReadZip(changed)->front(), kMany).error().status, Status::kDataLoss);
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = archive;
    damaged[static_cast<size_t>(random.Between(0, static_cast<double>(archive.size())))] ^=
        static_cast<char>(1 + static_cast<int>(random.Between(0, 254)));
    const auto entries = ReadZip(damaged);
    if (!entries.ok()) continue;
    for (const ZipEntry& entry : *entries) {
      const auto bytes = Unpack(entry, kMany);
      EXPECT_LE(bytes.ok() ? bytes->size() : 0, 10'000u);
    }
  }
}

}  // namespace
}  // namespace thimble::studio
