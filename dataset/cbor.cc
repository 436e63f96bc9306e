#include "dataset/cbor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace thimble::dataset {
namespace {

// The upper three bits of a CBOR item's first byte.
enum Major : unsigned { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

constexpr unsigned kIndefinite = 31;

double HalfToDouble(uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10) & 31;
  const double fraction = static_cast<double>(bits & 1023);
  double value = std::ldexp(exponent == 0 ? fraction : fraction + 1024, std::max(exponent, 1) - 25);
  if (exponent == 31) value = fraction == 0 ? HUGE_VAL : std::nan("");
  return (bits & 0x8000) != 0 ? -value : value;
}

class Walker {
 public:
  Walker(std::string_view bytes, DocumentListener& listener) : bytes_(bytes), listener_(listener) {}

  CborWalk Walk(bool more_may_follow) {
    do {
      if (!Item()) return result_;
    } while (!open_.empty());
    if (at_ < bytes_.size() && !more_may_follow) Broken("more bytes follow after the end of the document");
    result_.offset = at_;
    return result_;
  }

 private:
  struct Container {
    bool map = false;
    bool indefinite = false;
    uint64_t left = 0;      // items, keys and values counted singly
    bool at_value = false;  // a key has been read, its value is next
  };

  bool Stop(CborEnd end) {
    result_.end = end;
    result_.offset = end == CborEnd::kTruncated ? bytes_.size() : at_;
    return false;
  }
  bool Broken(const char* fault) {
    result_.fault = fault;
    return Stop(CborEnd::kBroken);
  }
  bool Tell(bool go_on) { return go_on || Stop(CborEnd::kStopped); }

  bool Argument(unsigned info, uint64_t& value) {
    value = info;
    if (info < 24) return true;
    if (info > 27) return Broken("a length that CBOR does not know");
    const size_t count = size_t{1} << (info - 24);
    if (bytes_.size() - at_ < count) return Stop(CborEnd::kTruncated);
    value = 0;
    for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes_[at_++]);
    return true;
  }

  bool Take(uint64_t count, std::string_view& taken) {
    if (bytes_.size() - at_ < count) return Stop(CborEnd::kTruncated);
    taken = bytes_.substr(at_, count);
    at_ += count;
    return true;
  }

  // A text or byte string: whole, or in definite chunks up to a break.
  bool String(unsigned major, unsigned info, std::string& text) {
    std::string_view piece;
    uint64_t length = 0;
    if (info != kIndefinite) {
      if (!Argument(info, length) || !Take(length, piece)) return false;
      text = piece;
      return true;
    }
    for (;;) {
      if (at_ == bytes_.size()) return Stop(CborEnd::kTruncated);
      const unsigned first = static_cast<uint8_t>(bytes_[at_++]);
      if (first == 0xff) return true;
      if (first >> 5 != major || (first & 31) == kIndefinite) return Broken("a piece of another kind inside a string");
      if (!Argument(first & 31, length) || !Take(length, piece)) return false;
      text += piece;
    }
  }

  // One item with its tags; containers are only opened. False ends the walk.
  bool Item() {
    unsigned major = kTag;
    unsigned info = 0;
    uint64_t argument = 0;
    while (major == kTag) {
      if (at_ == bytes_.size()) return Stop(CborEnd::kTruncated);
      const unsigned first = static_cast<uint8_t>(bytes_[at_++]);
      major = first >> 5;
      info = first & 31;
      if (major == kTag && !Argument(info, argument)) return false;
    }
    const bool is_key = !open_.empty() && open_.back().map && !open_.back().at_value;
    if (major == kSimple && info == kIndefinite) return Break();
    if (is_key && major != kText) return Broken("a key that is not text");

    if (major == kBytes || major == kText) {
      std::string text;
      if (!String(major, info, text)) return false;
      if (is_key) {
        if (!Tell(listener_.Key(text))) return false;
      } else if (!Tell(major == kText ? listener_.Text(text) : listener_.Other())) {
        return false;
      }
      return Done();
    }
    if (major == kArray || major == kMap) return Open(major == kMap, info);
    if (!Argument(info, argument)) return false;
    return Tell(Scalar(major, info, argument)) && Done();
  }

  bool Scalar(unsigned major, unsigned info, uint64_t argument) {
    if (major == kUnsigned) return listener_.Number(static_cast<double>(argument));
    if (major == kNegative) return listener_.Number(-1.0 - static_cast<double>(argument));
    switch (info) {
      case 20:
      case 21:
        return listener_.Boolean(info == 21);
      case 22:
      case 23:
        return listener_.Null();
      case 25:
        return listener_.Number(HalfToDouble(argument));
      case 26:
        return listener_.Number(std::bit_cast<float>(static_cast<uint32_t>(argument)));
      case 27:
        return listener_.Number(std::bit_cast<double>(argument));
      default:
        return listener_.Other();
    }
  }

  bool Open(bool map, unsigned info) {
    Container container{.map = map, .indefinite = info == kIndefinite};
    if (!container.indefinite) {
      if (!Argument(info, container.left)) return false;
      // Every item takes a byte at least: a larger number is a lie, and doubling it must not wrap.
      if (container.left > bytes_.size()) return Stop(CborEnd::kTruncated);
      if (map) container.left *= 2;
    }
    if (!Tell(map ? listener_.BeginObject() : listener_.BeginArray())) return false;
    open_.push_back(container);
    return Close();
  }

  bool Break() {
    if (open_.empty() || !open_.back().indefinite || open_.back().at_value) {
      return Broken("a break where nothing can end");
    }
    open_.back().indefinite = false;
    open_.back().left = 0;
    return Close();
  }

  // Counts an item, then closes what is full.
  bool Done() {
    if (!open_.empty()) Counted(open_.back());
    return Close();
  }

  bool Close() {
    while (!open_.empty() && !open_.back().indefinite && open_.back().left == 0) {
      open_.pop_back();
      if (!Tell(listener_.End())) return false;
      if (!open_.empty()) Counted(open_.back());
    }
    return true;
  }

  static void Counted(Container& container) {
    if (!container.indefinite) --container.left;
    if (container.map) container.at_value = !container.at_value;
  }

  std::string_view bytes_;
  DocumentListener& listener_;
  size_t at_ = 0;
  std::vector<Container> open_;
  CborWalk result_;
};

}  // namespace

CborWalk WalkCbor(std::string_view bytes, DocumentListener& listener, bool more_may_follow) {
  return Walker(bytes, listener).Walk(more_may_follow);
}

}  // namespace thimble::dataset
