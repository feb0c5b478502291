#include "swept_flags.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "numbers.h"

namespace incipit::cli {
namespace {

// The slowest changing first.
constexpr std::array kAxes = {"insert-layer", "num-virtual-tokens", "head-input", "init", "lr"};
constexpr const char* kSeed = "seed";
constexpr const char* kDefaultSeeds = "0,1,2";

std::vector<std::string> checked_values(const CommandLine& line, const std::string& flag) {
  std::vector<std::string> values = line.values_of("--" + flag);
  if (values.empty()) wrong_usage("--" + flag, "has no value; several are separated by commas, as in 0,1,2");
  for (std::string& value : values)
    if (flag == "lr") value = fmt::format("{}", *parse_number<double>(value));
  for (auto value = values.begin(); value != values.end(); ++value)
    if (std::find(values.begin(), value, *value) != value)
      wrong_usage("--" + flag, fmt::format("{} is there twice", *value));
  return values;
}

}  // namespace

void sweep_flags(CommandLine& line) {
  line.group("What is swept (several values are separated by commas)");
  for (const char* flag : kAxes) line.take_several(std::string("--") + flag);
  line.take_several(std::string("--") + kSeed)->default_str(kDefaultSeeds);
}

std::vector<SweepAxis> swept_axes(const CommandLine& line) {
  std::vector<SweepAxis> axes;
  for (const char* flag : kAxes)
    if (line.given(std::string("--") + flag)) axes.push_back({flag, checked_values(line, flag)});
  return axes;
}

std::vector<std::uint64_t> swept_seeds(const CommandLine& line) {
  if (!line.given(std::string("--") + kSeed)) return {0, 1, 2};
  std::vector<std::uint64_t> seeds;
  for (const std::string& seed : checked_values(line, kSeed))
    seeds.push_back(*parse_number<std::uint64_t>(seed));
  return seeds;
}

bool is_swept(const std::string& flag) {
  return flag == kSeed || std::find(kAxes.begin(), kAxes.end(), flag) != kAxes.end();
}

}  // namespace incipit::cli
