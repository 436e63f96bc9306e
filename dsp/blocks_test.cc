// What must hold for every block.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "dsp/block.h"
#include "dsp/blocks_headers.inc"
#include "dsp/fields.h"
#include "dsp/fingerprint.h"

namespace thimble::dsp {
namespace {

template <typename B>
void ExpectGoodFields() {
  typename B::Params params;
  std::set<std::string> names(B::kIgnored.begin(), B::kIgnored.end());
  const void* before = nullptr;
  B::Fields(
      [&](const Field& field, auto& member) {
        using Member = std::remove_reference_t<decltype(member)>;
        static_assert(ChoiceMember<Member> || FlagMember<Member> || IntegerMember<Member> || NumberMember<Member>);
        EXPECT_TRUE(names.insert(field.name).second) << field.name << " is there twice";
        EXPECT_NE(std::string(field.label), "");
        EXPECT_TRUE(std::string(field.sentence).ends_with(".")) << field.name;
        EXPECT_LT(before, static_cast<const void*>(&member)) << field.name << " is not in the order of declaration";
        before = &member;
        if constexpr (ChoiceMember<Member>) {
          EXPECT_LT(static_cast<size_t>(member), field.choices.size()) << field.name;
        } else if constexpr (!FlagMember<Member>) {
          EXPECT_LE(field.minimum, static_cast<double>(member)) << field.name;
          EXPECT_GE(field.maximum, static_cast<double>(member)) << field.name;
        }
      },
      params);
}

TEST(Fields, NameEveryParameterOnceInOrderWithDefaultsInRange) {
#define BLOCK(type) ExpectGoodFields<type>();
#include "dsp/blocks.inc"
#undef BLOCK
}

// A window that the block accepts with its default parameters.
template <typename B>
Window SampleWindow() {
  const typename B::Params params;
  for (const Window window :
       {Window{.axes = 3, .readings = 200, .rate_hz = 100}, Window{.axes = 1, .readings = 8000, .rate_hz = 16000},
        Window{.axes = 1, .readings = 24, .width = 4, .height = 3}}) {
    if (ok(B::Check(params, window))) return window;
  }
  ADD_FAILURE() << B::kName << " accepts no usual window";
  return {};
}

template <typename B>
void ExpectGoodWords() {
  const typename B::Params params;
  const Window window = SampleWindow<B>();
  const size_t count = B::FeatureCount(params, window);
  const Layout layout = B::LayoutOf(params, window);
  EXPECT_EQ(static_cast<size_t>(layout.width) * static_cast<size_t>(layout.height) *
                static_cast<size_t>(layout.channels) * static_cast<size_t>(layout.frames),
            count)
      << B::kName;
  std::set<std::pair<int, std::string>> names;
  for (size_t i = 0; i < count; ++i) {
    const FeatureName name = B::NameOf(params, window, i);
    EXPECT_GE(name.axis, -1) << B::kName;
    EXPECT_LT(name.axis, window.axes) << B::kName;
    ASSERT_NE(memchr(name.text, 0, sizeof name.text), nullptr) << B::kName;
    EXPECT_NE(std::string(name.text), "") << B::kName << " feature " << i;
    EXPECT_TRUE(names.emplace(name.axis, name.text).second) << B::kName << ": two features are " << name.text;
  }
}

TEST(Words, NameEveryFeatureOnceAndTheLayoutHoldsAll) {
#define BLOCK(type) ExpectGoodWords<type>();
#include "dsp/blocks.inc"
#undef BLOCK
}

TEST(WindowOf, RefusesNumbersThatAreNoWholeReadings) {
  EXPECT_EQ(WindowOf(7, 3, 100).status(), Status::kInvalidArgument);
  EXPECT_EQ(WindowOf(6, 0, 100).status(), Status::kInvalidArgument);
  const Result<Window> window = WindowOf(6, 3, 100);
  ASSERT_TRUE(window.ok());
  EXPECT_EQ(window->readings, 2);
}

TEST(Fingerprint, IsTheCommittedOne) {
  alignas(kArenaAlignment) static std::byte memory[kFingerprintBytes];
  const uint64_t fingerprint = Fingerprint(memory);
  EXPECT_EQ(fingerprint, kFingerprint) << "0x" << std::hex << fingerprint;
}

TEST(Fingerprint, IsZeroWithoutMemory) {
  alignas(kArenaAlignment) std::byte memory[1024];
  EXPECT_EQ(Fingerprint(memory), 0u);
}

}  // namespace
}  // namespace thimble::dsp
