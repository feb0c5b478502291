#include "incipit/bench.h"

#include <chrono>

#include "checks.h"
#include "commands.h"
#include "console.h"
#include "flags.h"
#include "output.h"

namespace incipit::cli {
namespace {

class Bench : public Command {
 public:
  void declare(CommandLine& line) override {
    add_model(line, model_)->required();
    add_precision(line, precision_);
    line.flag("--method", method_, "NAME", "What is trained")
        ->check(CLI::IsMember({"head", "prompt", "late"}));
    line.flag("--num-virtual-tokens", options_.num_virtual_tokens, "N", "Of the prompt")
        ->check(whole_number(1));
    line.flag("--insert-layer", insert_layer_, "K", "Where a late prompt joins; default: half of the layers")
        ->check(whole_number(1));
    line.flag("--batch-size", options_.batch_size, "N", "Texts a step")->check(whole_number(1));
    line.flag("--length", options_.length, "N", "Tokens of a text, on average")->check(whole_number(4));
    add_micro_batch_tokens(line, max_batch_tokens_);
    line.flag("--steps", options_.steps, "N", "Timed steps of each kind")->check(whole_number(1));
    add_seed(line, options_.seed, "Of the texts' words");
    line.mark("--json", json_, "One JSON object in place of a table");
    add_output(line, output_);
    add_threads(line, threads_);
    line.examples(
        "  incipit bench --model minilm\n"
        "  incipit bench --model smollm2 --length 40 --batch-size 16 --json");
  }

  Result<int> run(const CommandLine& line) override {
    options_.method = *method_by_name(method_);
    if (line.given("--insert-layer")) {
      if (options_.method != Method::late) wrong_usage("--insert-layer", "needs --method late");
      options_.insert_layer = insert_layer_;
    }
    if (max_batch_tokens_ > 0) options_.max_batch_tokens = max_batch_tokens_;
    use_threads(threads_);
    const auto start = std::chrono::steady_clock::now();
    INCIPIT_TRY(const Model model, load_model(model_, precision_));
    const std::chrono::duration<double> loading = std::chrono::steady_clock::now() - start;
    INCIPIT_TRY(BenchReport report, bench(model, options_));
    report.load_seconds = loading.count();
    INCIPIT_TRY(Output output, Output::open(output_));
    INCIPIT_CHECK(output.write(json_ ? bench_to_json(report) : format_bench(report)));
    INCIPIT_CHECK(output.commit());
    return 0;
  }

 private:
  std::string model_;
  std::string precision_;
  std::string method_ = "prompt";
  std::int64_t insert_layer_ = 0;
  std::int64_t max_batch_tokens_ = 0;
  BenchOptions options_;
  bool json_ = false;
  std::string output_;
  int threads_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_bench() {
  return std::make_unique<Bench>();
}

}  // namespace incipit::cli
