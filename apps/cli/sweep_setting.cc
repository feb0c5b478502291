#include "sweep_setting.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "class_weights.h"
#include "flags.h"
#include "run_settings.h"
#include "swept_flags.h"

namespace incipit::cli {

SweepSetting::SweepSetting(const CommandLine& sweep, std::span<const SweepAxis> axes,
                           std::span<const std::string> setting, std::uint64_t seed) {
  add_model(line_, model_)->required();
  add_precision(line_, precision_);
  data_.declare(line_);
  flags_.declare(line_);
  add_class_weights(line_, class_weights_);
  const std::vector<std::string> known = line_.flag_names();
  std::vector<std::string> arguments{fmt::format("--seed={}", seed)};
  for (const std::string& flag : known)
    if (!is_swept(flag) && sweep.given("--" + flag))
      arguments.push_back(fmt::format("--{}={}", flag, sweep.values_of("--" + flag).front()));
  for (std::size_t i = 0; i < axes.size(); ++i)
    arguments.push_back(fmt::format("--{}={}", axes[i].name, setting[i]));
  line_.parse(std::move(arguments));
}

Status SweepSetting::read_options() {
  if (const auto folder = flags_.saved_adapter()) {
    INCIPIT_TRY(saved_, read_adapter_info(*folder));
  }
  INCIPIT_TRY(options_, flags_.options(line_, saved_));
  return {};
}

ExperimentRun SweepSetting::run(const std::vector<std::string>& labels, std::filesystem::path model) {
  set_class_weights(class_weights_, labels, options_);
  ExperimentRun run;
  run.model = std::move(model);
  run.precision = incipit::resolved(*precision_by_name(precision_));
  run.options = options_;
  run.settings = run_settings(line_, run);
  return run;
}

}  // namespace incipit::cli
