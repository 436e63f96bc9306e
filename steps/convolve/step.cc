#include "steps/convolve/step.h"

#include <algorithm>
#include <cstring>

#include "steps/convolve/tiles.h"
#include "steps/convolve/window.h"
#include "steps/requantise.h"

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
#define THIMBLE_CONVOLVE_CORTEX_M4 1
#endif

namespace thimble::steps {
namespace {

// What the loops over tiles and windows need, in the order that cortex_m4.S knows.
struct Job {
  const std::byte *tiles, *common_end, *general_end;
  std::byte* window;
  int32_t input_pairs;
  int32_t zero_point, clamp_low, clamp_high;
  std::byte *to_words, *to_tail;  // in the window, of the first row that lies within the image
  int32_t rows;                   // that do
  int32_t words, tail;            // of a row
  int32_t row_step;               // bytes from the end of a row of a window to the beginning of the next
  int32_t pixel_step;             // from one window to the next
  int32_t output_channels;
};

// The loops for one kind of common tiles.
struct Loops {
  void (*pixels)(const Job* job, int8_t* output_0, int8_t* output_1);
  void (*gather)(const Job* job, const int8_t* input_0, const int8_t* input_1);
  void (*pairs)(const Job* job, const int8_t* input, int8_t* output, int32_t pairs);
};

template <typename T>
T Load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename T>
void Store(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

// Two int16 lanes of a word: bytes 0 and 2 (SXTB16).
uint32_t WidenEven(uint32_t word) {
  return static_cast<uint16_t>(static_cast<int8_t>(word)) |
         static_cast<uint32_t>(static_cast<uint16_t>(static_cast<int8_t>(word >> 16))) << 16;
}

#ifdef THIMBLE_CONVOLVE_CORTEX_M4

static_assert(ReluRequantiser::kShift == 12);
static_assert(offsetof(Job, window) == 12 && offsetof(Job, to_words) == 32 && offsetof(Job, output_channels) == 60);
extern "C" {
void thimble_convolve_pixels(const Job* job, int8_t* output_0, int8_t* output_1);
void thimble_convolve_gather(const Job* job, const int8_t* input_0, const int8_t* input_1);
void thimble_convolve_pairs(const Job* job, const int8_t* input, int8_t* output, int32_t pairs);
void thimble_convolve_relu_pixels(const Job* job, int8_t* output_0, int8_t* output_1);
void thimble_convolve_relu_gather(const Job* job, const int8_t* input_0, const int8_t* input_1);
void thimble_convolve_relu_pairs(const Job* job, const int8_t* input, int8_t* output, int32_t pairs);
}

constexpr Loops kCommonLoops = {&thimble_convolve_pixels, &thimble_convolve_gather, &thimble_convolve_pairs};
constexpr Loops kReluLoops = {&thimble_convolve_relu_pixels, &thimble_convolve_relu_gather,
                              &thimble_convolve_relu_pairs};

#else

// The sums of a tile's channels A, B, C, D for one pixel, as the lanes give them, and where its other constants are.
const std::byte* SumTile(const Job& job, const std::byte* tile, const std::byte* window, int32_t (&sums)[4]) {
  uint32_t both[2] = {Load<uint32_t>(tile + 8), Load<uint32_t>(tile + 12)};
  uint32_t first[2] = {Load<uint32_t>(tile + 16), Load<uint32_t>(tile + 20)};
  const std::byte* lanes = tile;
  for (int32_t pair = 0; pair < job.input_pairs; ++pair, lanes += pair == 1 ? 24 : 8) {
    for (int32_t lane = 0; lane < 2; ++lane) {
      const int32_t x = Load<int16_t>(window + pair * 8 + lane * 2);
      for (int32_t of = 0; of < 2; ++of) {
        const int32_t h = Load<int16_t>(lanes + of * 4 + lane * 2);
        both[of] += static_cast<uint32_t>(h * x);
        first[of] += static_cast<uint32_t>(static_cast<int8_t>(h) * x);
      }
    }
  }
  for (int32_t of = 0; of < 2; ++of) {
    sums[2 * of] = static_cast<int32_t>(first[of]);
    sums[2 * of + 1] = static_cast<int32_t>(both[of] - first[of]) >> 8;
  }
  return lanes;
}

template <typename Scale>
void ConvolvePixel(const Job& job, const std::byte* window, int8_t* output) {
  constexpr int kShift = std::is_same_v<Scale, ReluRequantiser> ? 8 : 1;
  int32_t sums[4];
  const std::byte* tile = job.tiles;
  while (tile != job.common_end) {
    tile = SumTile(job, tile, window, sums);
    for (const int32_t sum : sums) {
      *output++ = Saturate8(Requantise(WrapShiftLeft(sum, kShift), Load<Scale>(tile)));
      tile += sizeof(Scale);
    }
  }
  while (tile != job.general_end) {
    tile = SumTile(job, tile, window, sums);
    constexpr int32_t kBytes = sizeof(GeneralRequantiser) + sizeof(int32_t);
    for (int32_t channel = 3; channel >= 0; --channel) {
      const std::byte* at = tile + channel * kBytes;
      const int32_t scaled = Requantise(sums[channel], Load<GeneralRequantiser>(at));
      output[Load<int32_t>(at + sizeof(GeneralRequantiser))] =
          static_cast<int8_t>(Clamp(WrapAdd(scaled, job.zero_point), job.clamp_low, job.clamp_high));
    }
    tile += 4 * kBytes;
  }
}

template <typename Scale>
void ConvolvePixels(const Job* job, int8_t* output_0, int8_t* output_1) {
  ConvolvePixel<Scale>(*job, job->window, output_0);
  ConvolvePixel<Scale>(*job, job->window + 4, output_1);
}

void GatherRows(const Job& job, const int8_t* input, int32_t pixel) {
  std::byte* to_words = job.to_words + 4 * pixel;
  std::byte* to_tail = job.to_tail + 4 * pixel;
  for (int32_t row = 0; row < job.rows; ++row, input += job.row_step) {
    for (int32_t word = 0; word < job.words; ++word, input += 4, to_words += 16) {
      const auto bytes = Load<uint32_t>(input);
      Store(to_words, WidenEven(bytes));
      Store(to_words + 8, WidenEven(bytes >> 8));
    }
    for (int32_t i = 0; i < job.tail; ++i, ++input) {
      Store(to_tail, int16_t{*input});
      to_tail += (to_tail - job.window) % 8 == 4 * pixel ? 2 : 6;
    }
  }
}

void Gather(const Job* job, const int8_t* input_0, const int8_t* input_1) {
  GatherRows(*job, input_0, 0);
  GatherRows(*job, input_1, 1);
}

template <typename Scale>
void ConvolvePairs(const Job* job, const int8_t* input, int8_t* output, int32_t pairs) {
  for (; pairs > 0; --pairs, input += 2 * job->pixel_step, output += 2 * job->output_channels) {
    Gather(job, input, input + job->pixel_step);
    ConvolvePixels<Scale>(job, output, output + job->output_channels);
  }
}

constexpr Loops kCommonLoops = {&ConvolvePixels<Requantiser>, &Gather, &ConvolvePairs<Requantiser>};
constexpr Loops kReluLoops = {&ConvolvePixels<ReluRequantiser>, &Gather, &ConvolvePairs<ReluRequantiser>};

#endif

constexpr int32_t RoundedUp(int32_t a, int32_t b) { return (a + b - 1) / b; }

// Takes the pixels of a layer in order, two by two.
class Walk {
 public:
  Walk(const Convolve::Params& params, const Memory& memory, const Loops& loops, int32_t common_tile_bytes)
      : p_(params),
        loops_(loops),
        shape_(params),
        image_(reinterpret_cast<const int8_t*>(memory.frame + params.input)),
        output_(reinterpret_cast<int8_t*>(memory.frame + params.output)),
        readable_(std::max(ByteAt(params.input_height, 0), params.scratch - params.input)) {
    const std::byte* tiles = memory.constants + p_.constants;
    const std::byte* common_end = tiles + p_.common_tiles * common_tile_bytes;
    std::byte* window = memory.frame + p_.scratch;
    job_ = {
        tiles,
        common_end,
        common_end + p_.general_tiles * static_cast<int32_t>(GeneralTileBytes(shape_.pairs)),
        window,
        shape_.pairs,
        p_.output_zero_point,
        p_.clamp_low,
        p_.clamp_high,
        nullptr,
        nullptr,
        0,
        shape_.words,
        shape_.tail,
        (p_.dilation_height * p_.input_width - p_.kernel_width) * p_.input_channels,
        p_.stride_width * p_.input_channels,
        p_.output_channels,
    };
    // From which column on, and up to which, windows are within the image.
    first_inside_ = RoundedUp(p_.pad_left, p_.stride_width);
    const int32_t room = p_.input_width - (p_.kernel_width - 1) * p_.dilation_width - 1 + p_.pad_left;
    inside_end_ = room < 0 ? 0 : std::min(room / p_.stride_width + 1, p_.output_width);
  }

  void Run() {
    while (i_ < p_.output_height) {
      const Rows rows = RowsOf(i_);
      const int32_t pairs = j_ < first_inside_ ? 0 : (inside_end_ - j_) / 2;
      if (pairs > 0 && rows.count() > 0 && shape_.segments_per_row == 1) {
        Prepare(rows);
        loops_.pairs(&job_, WindowAt(i_, j_, rows), output_, pairs);
        output_ += 2 * pairs * p_.output_channels;
        Step(2 * pairs);
      } else {
        TakeTwo(rows);
      }
    }
  }

 private:
  // Rows of a window that lie within the image.
  struct Rows {
    int32_t begin, end;
    bool operator==(const Rows&) const = default;
    int32_t count() const { return end - begin; }
  };

  int32_t Top(int32_t i) const { return i * p_.stride_height - p_.pad_top; }
  int32_t Left(int32_t j) const { return j * p_.stride_width - p_.pad_left; }

  [[gnu::noinline]] Rows RowsOf(int32_t i) const {
    const int32_t top = Top(i);
    const int32_t begin = top >= 0 ? 0 : RoundedUp(-top, p_.dilation_height);
    const int32_t end = top >= p_.input_height ? 0 : RoundedUp(p_.input_height - top, p_.dilation_height);
    return {begin, std::max(begin, std::min(end, p_.kernel_height))};
  }

  const int8_t* WindowAt(int32_t i, int32_t j, Rows rows) const {
    return image_ + ByteAt(Top(i) + rows.begin * p_.dilation_height, Left(j));
  }
  int32_t ByteAt(int32_t row, int32_t column) const { return (row * p_.input_width + column) * p_.input_channels; }

  void Step(int32_t pixels) {
    j_ += pixels;
    if (j_ >= p_.output_width) j_ -= p_.output_width, ++i_;
  }

  std::byte* LaneAt(int32_t lane) const { return job_.window + (lane >> 1) * 8 + (lane & 1) * 2; }

  // Gathers from these rows on; what is above and below becomes the zero point, once for all windows of a row.
  void Prepare(Rows rows) {
    if (rows == prepared_) return;
    prepared_ = rows;
    job_.rows = rows.count();
    job_.to_words = job_.window + rows.begin * shape_.words * 16;
    job_.to_tail = LaneAt(2 * shape_.first_tail_pair + rows.begin * shape_.tail);
    if (rows.count() == p_.kernel_height) return;
    for (int32_t pair = 0; pair < shape_.pairs; ++pair) {
      Store(job_.window + 8 * pair, Outside());
      Store(job_.window + 8 * pair + 4, Outside());
    }
  }
  uint32_t Outside() const { return (static_cast<uint32_t>(p_.pad_value) & 0xffff) * 0x10001; }

  void TakeTwo(Rows rows) {
    const int32_t i = i_, j = j_;
    Step(1);
    const bool alone = i_ == p_.output_height;
    const int32_t next_i = alone ? i : i_, next_j = alone ? j : j_;
    if (!alone) Step(1);
    if (CanGather(i, j, rows) && (next_i == i || RowsOf(next_i) == rows) && CanGather(next_i, next_j, rows)) {
      Prepare(rows);
      loops_.gather(&job_, WindowAt(i, j, rows), WindowAt(next_i, next_j, rows));
      Mend(j, rows, 0);
      Mend(next_j, rows, 1);
    } else {
      GatherSlowly(i, j, 0);
      GatherSlowly(next_i, next_j, 1);
      prepared_ = {-1, -1};
    }
    int8_t* next_output = alone ? output_ : output_ + p_.output_channels;  // alone: the same twice
    loops_.pixels(&job_, output_, next_output);
    output_ = next_output + p_.output_channels;
  }

  // Whether the rows of the window can be read as if they were within the image. What is beyond its left or right edge
  // is then another row's or not the image's at all, but something in the frame.
  bool CanGather(int32_t i, int32_t j, Rows rows) const {
    const int32_t top = Top(i), left = Left(j);
    return shape_.segments_per_row == 1 && rows.count() > 0 &&
           ByteAt(top + rows.begin * p_.dilation_height, left) >= -p_.input &&
           ByteAt(top + (rows.end - 1) * p_.dilation_height, left + p_.kernel_width) <= readable_;
  }

  // Puts the zero point where a window reached beyond the left or right edge.
  void Mend(int32_t j, Rows rows, int32_t pixel) {
    const int32_t left = Left(j);
    const int32_t end = p_.kernel_width * p_.input_channels;
    const int32_t before = std::min(-left * p_.input_channels, end);
    const int32_t after = std::max((p_.input_width - left) * p_.input_channels, int32_t{0});
    if (before > 0) MendElements(0, before, rows, pixel);
    if (after < end) MendElements(after, end, rows, pixel);
  }
  void MendElements(int32_t begin, int32_t end, Rows rows, int32_t pixel) {
    const uint32_t outside = Outside();
    const int32_t in_words = std::min(end, 4 * shape_.words);
    int32_t element = begin;
    while (element < in_words) {
      std::byte* to = LaneAt(shape_.Lane(rows.begin, element)) + 4 * pixel;
      if (element % 4 == 0 && element + 4 <= in_words) {
        for (int32_t row = rows.count(); row > 0; --row, to += 16 * shape_.words) {
          Store(to, outside);
          Store(to + 8, outside);
        }
        element += 4;
      } else {
        for (int32_t row = rows.count(); row > 0; --row, to += 16 * shape_.words) {
          Store(to, static_cast<int16_t>(outside));
        }
        ++element;
      }
    }
    for (; element < end; ++element) {
      int32_t lane = shape_.Lane(rows.begin, element);
      for (int32_t row = rows.count(); row > 0; --row, lane += shape_.tail) {
        Store(LaneAt(lane) + 4 * pixel, static_cast<int16_t>(outside));
      }
    }
  }

  // Any window: dilated, in a corner of the image, or beside one that begins in another row.
  [[gnu::cold]] void GatherSlowly(int32_t i, int32_t j, int32_t pixel) {
    for (int32_t pair = 0; pair < shape_.pairs; ++pair) Store(job_.window + 8 * pair + 4 * pixel, Outside());
    const Rows rows = RowsOf(i);
    for (int32_t k = rows.begin; k < rows.end; ++k) {
      for (int32_t s = 0; s < shape_.segments_per_row; ++s) {
        const int32_t column = Left(j) + s * p_.dilation_width;
        const int32_t begin = std::max(-column, int32_t{0}) * p_.input_channels;
        const int32_t end = std::min(shape_.columns, p_.input_width - column) * p_.input_channels;
        const int8_t* from = image_ + ByteAt(Top(i) + k * p_.dilation_height, column);
        GatherElements(k * shape_.segments_per_row + s, begin, end, from, pixel);
      }
    }
  }
  void GatherElements(int32_t segment, int32_t begin, int32_t end, const int8_t* from, int32_t pixel) {
    int32_t element = begin;
    const auto single = [&] {
      Store(LaneAt(shape_.Lane(segment, element)) + 4 * pixel, int16_t{from[element]});
      ++element;
    };
    while (element < end && element % 4 != 0) single();
    std::byte* to = LaneAt(shape_.Lane(segment, element)) + 4 * pixel;
    for (const int32_t last = std::min(end, 4 * shape_.words) - 4; element <= last; element += 4, to += 16) {
      const auto bytes = Load<uint32_t>(from + element);
      Store(to, WidenEven(bytes));
      Store(to + 8, WidenEven(bytes >> 8));
    }
    while (element < end) single();
  }

  const Convolve::Params& p_;
  const Loops& loops_;
  WindowShape shape_;
  const int8_t* image_;
  int8_t* output_;
  int32_t readable_;  // bytes from the image's beginning on that are in the frame
  Job job_;
  int32_t first_inside_, inside_end_;
  int32_t i_ = 0, j_ = 0;
  Rows prepared_ = {-1, -1};
};

[[gnu::noinline]] void RunWalk(const Convolve::Params& params, const Memory& memory, const Loops& loops,
                               int32_t common_tile_bytes) {
  Walk(params, memory, loops, common_tile_bytes).Run();
}

}  // namespace

bool CheckTiles(const Convolve::Params& p, const std::byte* constants, const Extents& extents,
                int64_t (*common_tile_bytes)(int64_t pairs)) {
  constexpr int32_t kMost = 1 << 20;
  for (const int32_t size :
       {p.input_height, p.input_width, p.input_channels, p.output_height, p.output_width, p.output_channels,
        p.kernel_height, p.kernel_width, p.stride_height, p.stride_width, p.dilation_height, p.dilation_width}) {
    if (size < 1 || size > kMost) return false;
  }
  if (p.pad_top < 0 || p.pad_top > kMost || p.pad_left < 0 || p.pad_left > kMost) return false;
  // Coordinates of windows, and the numbers of their elements, stay far from the ends of int32.
  constexpr int64_t kFar = 1 << 30;
  if (int64_t{p.output_height} * p.stride_height + int64_t{p.kernel_height} * p.dilation_height > kFar) return false;
  const int64_t right = int64_t{p.output_width} * p.stride_width + int64_t{p.kernel_width} * p.dilation_width;
  if ((right + p.pad_left + p.input_width) * p.input_channels > kFar) return false;
  if ((int64_t{p.dilation_height} + 1) * p.input_width * p.input_channels > kFar) return false;
  const int64_t row = int64_t{p.kernel_width} * p.input_channels;
  if (row > kFar || row * p.kernel_height > kFar / 8) return false;
  const int64_t input_pixels = int64_t{p.input_height} * p.input_width;
  const int64_t output_pixels = int64_t{p.output_height} * p.output_width;
  if (input_pixels > kFar || output_pixels > kFar) return false;
  if (!Within(extents.frame_bytes, p.input, input_pixels * p.input_channels)) return false;
  if (!Within(extents.frame_bytes, p.output, output_pixels * p.output_channels)) return false;
  const WindowShape shape(p);
  if (!Within(extents.frame_bytes, p.scratch, shape.ScratchBytes(), 1, 16)) return false;

  if (p.common_tiles < 0 || p.common_tiles > kMost || p.general_tiles < 0 || p.general_tiles > kMost) return false;
  const int32_t common_channels = p.common_tiles * kTileChannels;
  const int64_t common_bytes = p.common_tiles * common_tile_bytes(shape.pairs);
  const int64_t general_bytes = p.general_tiles * GeneralTileBytes(shape.pairs);
  if (common_channels > p.output_channels) return false;
  if (!Within(extents.constants_bytes, p.constants, common_bytes + general_bytes, 1, 4)) return false;
  const std::byte* tile = constants + p.constants + common_bytes;
  for (int32_t i = 0; i < p.general_tiles; ++i) {
    tile += GeneralTileBytes(shape.pairs);
    for (int32_t channel = 1; channel <= kTileChannels; ++channel) {
      const auto offset = Load<int32_t>(tile - channel * 16 + sizeof(GeneralRequantiser));
      if (offset < -common_channels || offset >= p.output_channels - common_channels) return false;
    }
  }
  return true;
}

void RunReluTiles(const Convolve::Params& params, const Memory& memory) {
  RunWalk(params, memory, kReluLoops, static_cast<int32_t>(ReluTileBytes(WindowShape(params).pairs)));
}

bool Convolve::Check(const Params& params, const std::byte* constants, const Extents& extents) {
  return CheckTiles(params, constants, extents, &CommonTileBytes);
}

void Convolve::Run(const Params& params, const Memory& memory) {
  RunWalk(params, memory, kCommonLoops, static_cast<int32_t>(CommonTileBytes(WindowShape(params).pairs)));
}

}  // namespace thimble::steps
