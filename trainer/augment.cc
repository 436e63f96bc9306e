#include "trainer/augment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "base/float_math.h"

namespace thimble::trainer {
namespace {

/// Rows of `frames` × `channels` numbers.
struct Frames {
  int frames = 0, channels = 0;
};

/// The mean of each channel over the frames.
void ChannelMeans(std::span<const float> row, const Frames& shape, std::vector<float>& means) {
  const auto channels = static_cast<size_t>(shape.channels);
  means.assign(channels, 0.0f);
  for (size_t i = 0; i < row.size(); ++i) means[i % channels] += row[i];
  for (float& mean : means) mean /= static_cast<float>(shape.frames);
}

/// A whole number from -most to most.
int Offset(int most, Random& random) {
  return static_cast<int>(random.Below(static_cast<uint32_t>(2 * most + 1))) - most;
}

/// Up to `share` of `count`, and where it begins.
struct Stretch {
  int first = 0, length = 0;
};
Stretch DrawStretch(float share, int count, Random& random) {
  const int most = static_cast<int>(share * static_cast<float>(count));
  const int length = static_cast<int>(random.Below(static_cast<uint32_t>(most + 1)));
  return {static_cast<int>(random.Below(static_cast<uint32_t>(count - length + 1))), length};
}

/// Frame t becomes frame t - offset; what is not there is the nearest one.
void ShiftFrames(std::span<float> row, const Frames& shape, int offset, std::vector<float>& copy) {
  const auto channels = static_cast<size_t>(shape.channels);
  copy.assign(row.begin(), row.end());
  for (int frame = 0; frame < shape.frames; ++frame) {
    const auto from = static_cast<size_t>(std::clamp(frame - offset, 0, shape.frames - 1));
    std::copy_n(copy.begin() + static_cast<std::ptrdiff_t>(from * channels), channels,
                row.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(frame) * channels));
  }
}

/// Frame t becomes what was at `middle + (t - middle) * speed`.
void StretchFrames(std::span<float> row, const Frames& shape, float speed, std::vector<float>& copy) {
  const auto channels = static_cast<size_t>(shape.channels);
  copy.assign(row.begin(), row.end());
  const float last = static_cast<float>(shape.frames - 1);
  for (int frame = 0; frame < shape.frames; ++frame) {
    const float place = std::clamp(last / 2 + (static_cast<float>(frame) - last / 2) * speed, 0.0f, last);
    const auto before = static_cast<size_t>(place);
    const size_t after = std::min(before + 1, static_cast<size_t>(shape.frames - 1));
    const float share = place - static_cast<float>(before);
    for (size_t k = 0; k < channels; ++k) {
      row[static_cast<size_t>(frame) * channels + k] =
          copy[before * channels + k] * (1 - share) + copy[after * channels + k] * share;
    }
  }
}

struct Rotation {
  float of[3][3];
};

/// By `half_turns` (1: 180°) about a unit axis (Rodrigues' formula).
Rotation About(const double (&axis)[3], double half_turns) {
  const double c = CosPi(half_turns);
  const double s = SinPi(half_turns);
  const auto [x, y, z] = axis;
  const double matrix[3][3] = {{c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s},
                               {y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s},
                               {z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c)}};
  Rotation rotation{};
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) rotation.of[i][k] = static_cast<float>(matrix[i][k]);
  }
  return rotation;
}

/// Up to `degrees` about an axis of any direction; from 180 on every orientation is as likely.
Rotation DrawRotation(float degrees, Random& random) {
  double q[4];
  double square = 0;
  const int first = degrees < 180 ? 1 : 0;
  do {
    square = 0;
    for (int i = first; i < 4; ++i) {
      q[i] = static_cast<double>(random.Normal());
      square += q[i] * q[i];
    }
  } while (square < 1e-6);
  for (int i = first; i < 4; ++i) q[i] /= std::sqrt(square);
  if (first == 1) return About({q[1], q[2], q[3]}, random.Between(-1, 1) * static_cast<double>(degrees) / 180);
  // A direction of four dimensions, all as likely, is a quaternion of an orientation, all as likely (K. Shoemake,
  // 1992).
  const auto [w, x, y, z] = q;
  return {{{static_cast<float>(1 - 2 * (y * y + z * z)), static_cast<float>(2 * (x * y - w * z)),
            static_cast<float>(2 * (x * z + w * y))},
           {static_cast<float>(2 * (x * y + w * z)), static_cast<float>(1 - 2 * (x * x + z * z)),
            static_cast<float>(2 * (y * z - w * x))},
           {static_cast<float>(2 * (x * z - w * y)), static_cast<float>(2 * (y * z + w * x)),
            static_cast<float>(1 - 2 * (x * x + y * y))}}};
}

void Rotate(std::span<float> row, const Rotation& rotation) {
  for (size_t i = 0; i + 3 <= row.size(); i += 3) {
    const float x = row[i], y = row[i + 1], z = row[i + 2];
    for (size_t k = 0; k < 3; ++k) {
      row[i + k] = rotation.of[k][0] * x + rotation.of[k][1] * y + rotation.of[k][2] * z;
    }
  }
}

float Deviation(std::span<const float> row) {
  double sum = 0, squares = 0;
  for (const float value : row) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto count = static_cast<double>(row.size());
  return static_cast<float>(std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count))));
}

void ChangeFrames(const AugmentOptions& options, const Frames& shape, std::span<float> row, Random& random,
                  std::vector<float>& memory) {
  const auto channels = static_cast<size_t>(shape.channels);
  if (options.rotation_degrees > 0) Rotate(row, DrawRotation(options.rotation_degrees, random));
  if (options.time_stretch > 0) {
    const double most = static_cast<double>(options.time_stretch);
    StretchFrames(row, shape, static_cast<float>(random.Between(1 - most, 1 + most)), memory);
  }
  if (options.time_shift > 0) {
    const int most = static_cast<int>(options.time_shift * static_cast<float>(shape.frames));
    ShiftFrames(row, shape, Offset(most, random), memory);
  }
  if (options.time_mask > 0 || options.channel_mask > 0) {
    const Stretch time = DrawStretch(options.time_mask, shape.frames, random);
    const Stretch pitch = DrawStretch(options.channel_mask, shape.channels, random);
    ChannelMeans(row, shape, memory);
    const auto within = [](const Stretch& stretch, size_t i) {
      return static_cast<int>(i) >= stretch.first && static_cast<int>(i) < stretch.first + stretch.length;
    };
    for (size_t i = 0; i < row.size(); ++i) {
      if (within(time, i / channels) || within(pitch, i % channels)) row[i] = memory[i % channels];
    }
  }
}

/// Moves a picture, and mirrors it.
void MovePicture(const dsp::Layout& layout, int right, int down, bool mirror, std::span<float> row,
                 std::vector<float>& copy) {
  const auto channels = static_cast<size_t>(layout.channels);
  copy.assign(row.begin(), row.end());
  auto to = row.begin();
  for (int frame = 0; frame < layout.frames; ++frame) {
    for (int y = 0; y < layout.height; ++y) {
      const int from_y = std::clamp(y - down, 0, layout.height - 1) + frame * layout.height;
      for (int x = 0; x < layout.width; ++x) {
        const int moved = std::clamp(x - right, 0, layout.width - 1);
        const int from_x = mirror ? layout.width - 1 - moved : moved;
        const auto from = static_cast<size_t>(from_y * layout.width + from_x) * channels;
        to = std::copy_n(copy.begin() + static_cast<std::ptrdiff_t>(from), channels, to);
      }
    }
  }
}

/// Turns, zooms and slants a picture about its middle; between pixels straight lines count, and beyond the border the
/// nearest pixel.
void WarpPicture(const AugmentOptions& options, const dsp::Layout& layout, std::span<float> row, Random& random,
                 std::vector<float>& copy) {
  const auto draw = [&](float most) { return random.Between(-1, 1) * static_cast<double>(most); };
  const double turn = draw(options.turn_degrees) / 180;
  const double across = 1 + draw(options.zoom);
  const double along = 1 + draw(options.zoom);
  const double slant = draw(options.shear);
  // Where a pixel of the new picture comes from.
  const auto xx = static_cast<float>(CosPi(turn) * across);
  const auto xy = static_cast<float>(slant - SinPi(turn) * across);
  const auto yx = static_cast<float>(SinPi(turn) * along);
  const auto yy = static_cast<float>(CosPi(turn) * along);
  const auto channels = static_cast<size_t>(layout.channels);
  const float right = static_cast<float>(layout.width - 1);
  const float bottom = static_cast<float>(layout.height - 1);
  copy.assign(row.begin(), row.end());
  auto to = row.begin();
  for (int frame = 0; frame < layout.frames; ++frame) {
    const float* from = copy.data() + static_cast<size_t>(frame * layout.height * layout.width) * channels;
    for (int j = 0; j < layout.height; ++j) {
      for (int i = 0; i < layout.width; ++i) {
        const float dx = static_cast<float>(i) - right / 2;
        const float dy = static_cast<float>(j) - bottom / 2;
        const float x = std::clamp(right / 2 + xx * dx + xy * dy, 0.0f, right);
        const float y = std::clamp(bottom / 2 + yx * dx + yy * dy, 0.0f, bottom);
        const int x0 = static_cast<int>(x);
        const int y0 = static_cast<int>(y);
        const int x1 = std::min(x0 + 1, layout.width - 1);
        const int y1 = std::min(y0 + 1, layout.height - 1);
        const float u = x - static_cast<float>(x0);
        const float v = y - static_cast<float>(y0);
        const auto pixel = [&](int column, int line) {
          return from + static_cast<size_t>(line * layout.width + column) * channels;
        };
        const float *a = pixel(x0, y0), *b = pixel(x1, y0), *c = pixel(x0, y1), *d = pixel(x1, y1);
        for (size_t k = 0; k < channels; ++k) {
          *to++ = (a[k] * (1 - u) + b[k] * u) * (1 - v) + (c[k] * (1 - u) + d[k] * u) * v;
        }
      }
    }
  }
}

}  // namespace

Expected<Augment> MakeAugment(const AugmentOptions& options, const dsp::Layout& layout, int axes) {
  const auto wrong = [](const std::string& sentence) { return Error{Status::kInvalidArgument, sentence}; };
  const struct {
    const char* name;
    float value, most;
    const char* most_text;
  } ranges[] = {{"time_shift", options.time_shift, 1, "1"},
                {"time_stretch", options.time_stretch, 0.5f, "0.5"},
                {"time_mask", options.time_mask, 1, "1"},
                {"channel_mask", options.channel_mask, 1, "1"},
                {"scale", options.scale, 0.9f, "0.9"},
                {"noise", options.noise, 10, "10"},
                {"rotation_degrees", options.rotation_degrees, 180, "180"},
                {"zoom", options.zoom, 0.5f, "0.5"},
                {"turn_degrees", options.turn_degrees, 180, "180"},
                {"shear", options.shear, 0.5f, "0.5"},
                {"crop", options.crop, 0.5f, "0.5"},
                {"brightness", options.brightness, 0.9f, "0.9"}};
  for (const auto& range : ranges) {
    if (!(range.value >= 0 && range.value <= range.most)) {
      return wrong("augmentation: " + std::string(range.name) + " must be from 0 to " + range.most_text);
    }
  }
  const bool is_picture = layout.kind == dsp::Layout::Kind::kImage;
  Frames shape{layout.width, layout.height};
  if (layout.kind == dsp::Layout::Kind::kFlat) {
    shape = axes > 0 && layout.width % axes == 0 ? Frames{layout.width / axes, axes} : Frames{};
  }
  const bool moves_frames = options.time_shift > 0 || options.time_stretch > 0 || options.time_mask > 0 ||
                            options.channel_mask > 0 || options.rotation_degrees > 0;
  const bool warps_pictures = options.zoom > 0 || options.turn_degrees > 0 || options.shear > 0;
  const bool moves_pictures = options.mirror || options.crop > 0 || options.brightness > 0 || warps_pictures;
  if (moves_frames && (is_picture || shape.frames == 0)) {
    return wrong(
        "augmentation: shifts, masks and rotation need frames that follow each other in time; these features do "
        "not");
  }
  if (moves_pictures && !is_picture)
    return wrong("augmentation: pictures alone can be mirrored, moved, zoomed, turned and brightened");
  if (options.rotation_degrees > 0 && shape.channels % 3 != 0) {
    return wrong("augmentation: rotation needs sensors of three axes; a frame has " + std::to_string(shape.channels));
  }
  if (!moves_frames && !moves_pictures && options.scale == 0 && options.noise == 0) return Augment();

  return Augment([options, layout, shape, moves_frames, moves_pictures, warps_pictures, memory = std::vector<float>()](
                     std::span<float> row, Random& random) mutable {
    if (moves_frames) ChangeFrames(options, shape, row, random, memory);
    if (warps_pictures) WarpPicture(options, layout, row, random, memory);
    if (moves_pictures) {
      const int right = Offset(static_cast<int>(options.crop * static_cast<float>(layout.width)), random);
      const int down = Offset(static_cast<int>(options.crop * static_cast<float>(layout.height)), random);
      const bool mirror = options.mirror && random.OneIn(2);
      MovePicture(layout, right, down, mirror, row, memory);
      const double most = static_cast<double>(options.brightness);
      const auto factor = static_cast<float>(random.Between(1 - most, 1 + most));
      for (float& value : row) value = std::min(value * factor, 1.0f);
    }
    if (options.scale > 0) {
      const double most = static_cast<double>(options.scale);
      const auto factor = static_cast<float>(random.Between(1 - most, 1 + most));
      for (float& value : row) value *= factor;
    }
    if (options.noise > 0) {
      const float deviation = options.noise * Deviation(row);
      for (float& value : row) value += deviation * random.Normal();
    }
  });
}

AugmentOptions DefaultAugment(const dsp::Layout& layout, bool is_motion, int64_t parameters) {
  constexpr int64_t kMany = 8000;
  switch (layout.kind) {
    case dsp::Layout::Kind::kImage:
      return {.crop = 0.08f, .zoom = 0.15f, .turn_degrees = 12, .shear = 0.15f, .brightness = 0.1f};
    case dsp::Layout::Kind::kSpectrogram:
      if (!is_motion && parameters >= kMany) {
        return {.time_shift = 0.2f, .time_mask = 0.25f, .channel_mask = 0.4f, .noise = 0.15f};
      }
      if (!is_motion) return {.time_shift = 0.1f, .time_mask = 0.15f, .channel_mask = 0.15f};
      return {.time_shift = 0.1f,
              .time_stretch = 0.15f,
              .scale = 0.15f,
              .noise = 0.05f,
              .rotation_degrees = layout.height % 3 == 0 ? 15.0f : 0.0f};
    case dsp::Layout::Kind::kFlat:
      break;
  }
  return {};
}

}  // namespace thimble::trainer
