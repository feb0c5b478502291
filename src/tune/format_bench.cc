#include <nlohmann/json.hpp>

#include "incipit/bench.h"

#include "base/text_width.h"

namespace incipit {
namespace {

using Json = nlohmann::ordered_json;

std::string pass_text(const BenchPass& pass) {
  std::string text = fmt::format(
      "\n{}: {} tokens a step, {:.3f} s ({:.3f} to {:.3f}), {:.0f} tokens/s\n"
      "  {:.1f} of {:.1f} GFLOP/s: {:.0f} % of the roof\n",
      pass.name, pass.tokens, pass.seconds, pass.least, pass.most, pass.tokens_per_second(), pass.gflops(),
      pass.roof_gflops(), 100 * pass.roof_share());
  double total = 0;
  for (const BenchPhase& phase : pass.phases) total += phase.seconds;
  for (const BenchPhase& phase : pass.phases)
    text += fmt::format("  {} {:8.4f} s {:5.1f} %\n", pad_right(phase.name, 20), phase.seconds,
                        100 * phase.seconds / total);
  return text;
}

Json pass_json(const BenchPass& pass) {
  Json phases = Json::object();
  for (const BenchPhase& phase : pass.phases) phases[phase.name] = phase.seconds;
  return {{"tokens", pass.tokens},
          {"seconds", pass.seconds},
          {"seconds_least", pass.least},
          {"seconds_most", pass.most},
          {"tokens_per_second", pass.tokens_per_second()},
          {"gflop", pass.gflop},
          {"gflops", pass.gflops()},
          {"roof_gflops", pass.roof_gflops()},
          {"roof_share", pass.roof_share()},
          {"phase_seconds", std::move(phases)}};
}

}  // namespace

std::string format_bench(const BenchReport& report) {
  std::string text = fmt::format("{}\n\nmatmul, GFLOP/s      forward  gradient\n", report.machine);
  for (const BenchShape& shape : report.shapes)
    text +=
        fmt::format("  {} {:8.1f}  {:8.1f}\n", pad_right(fmt::format("{} -> {}", shape.in, shape.out), 18),
                    shape.forward, shape.backward);
  text += pass_text(report.train) + pass_text(report.predict);
  return text + fmt::format("\nloaded in {:.2f} s, peak memory {:.2f} GB\n", report.load_seconds,
                            static_cast<double>(report.peak_bytes) * 1e-9);
}

std::string bench_to_json(const BenchReport& report) {
  Json shapes = Json::array();
  for (const BenchShape& shape : report.shapes)
    shapes.push_back({{"in", shape.in},
                      {"out", shape.out},
                      {"forward_gflops", shape.forward},
                      {"gradient_gflops", shape.backward}});
  const Json json = {{"machine", report.machine},           {"shapes", std::move(shapes)},
                     {"train", pass_json(report.train)},    {"predict", pass_json(report.predict)},
                     {"load_seconds", report.load_seconds}, {"peak_bytes", report.peak_bytes}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace incipit
