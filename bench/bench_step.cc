// One step at a time, for bench/versus_peft.py, which says what is read and printed.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "incipit/predict.h"
#include "incipit/train.h"

#include "backbone/backbone.h"
#include "base/parallel.h"
#include "infer/features.h"
#include "infer/packed_run.h"
#include "patient_threads.h"
#include "prompt/template.h"
#include "tune/matmul_rate.h"
#include "tune/prompt_init.h"
#include "tune/step_cost.h"
#include "tune/trainer.h"

namespace incipit {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Batch {
  std::vector<TemplatedExample> examples;
  std::vector<int> labels;
  std::vector<std::size_t> indices;
};

Result<std::vector<Batch>> read_batches(const std::string& path, const Template& input,
                                        const PositionRule& rule, int& num_labels) {
  std::ifstream stream(path);
  if (!stream) return fail("{}: cannot be read", path);
  std::vector<Batch> batches;
  for (std::string line; std::getline(stream, line);) {
    const json row = json::parse(line);
    Batch& batch = batches.emplace_back();
    batch.labels = row.at("labels").get<std::vector<int>>();
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      Encoding encoding;
      encoding.ids = row.at("input_ids").at(i).get<std::vector<std::int32_t>>();
      encoding.type_ids = row.at("token_type_ids").at(i).get<std::vector<std::int8_t>>();
      batch.examples.push_back(input.arrange(encoding, rule));
      batch.indices.push_back(i);
      num_labels = std::max(num_labels, batch.labels[i] + 1);
    }
  }
  return batches;
}

struct Options {
  std::string model, batches, precision = "f32", mode = "train";
  std::int64_t virtual_tokens = 10, insert_layer = 0;
  std::optional<std::int64_t> max_batch_tokens;
  int threads = 0;
  bool roof = false;
};

/// The matmuls that each batch cannot do without.
std::vector<std::vector<MatmulCost>> costs(const std::vector<Batch>& batches, const Model& model,
                                           const AdapterInfo& adapter, bool trains) {
  const BackboneSpec& spec = model.backbone().spec();
  std::vector<std::vector<MatmulCost>> result;
  for (const Batch& batch : batches)
    result.push_back(step_matmuls(spec, step_shape(spec, adapter, batch.examples, trains)));
  return result;
}

/// Calls seconds(batch, step) for each number on standard input and prints what it gives.
template <typename Seconds>
Status serve(const std::vector<Batch>& batches, Seconds seconds) {
  std::int64_t step = 0;
  for (std::size_t number = 0; std::cin >> number; ++step) {
    if (number >= batches.size()) return fail("batch {} of {}", number, batches.size());
    INCIPIT_TRY(const double taken, seconds(number, step));
    std::cout << taken << std::endl;
  }
  return {};
}

Status serve_steps(const Options& options) {
  LoadOptions loading;
  loading.precision = *precision_by_name(options.precision);
  INCIPIT_TRY(const Model model, Model::load(options.model, loading));
  const BackboneSpec& spec = model.backbone().spec();
  int num_labels = 2;
  INCIPIT_TRY(const std::vector<Batch> batches,
              read_batches(options.batches, Template(options.virtual_tokens, options.insert_layer),
                           spec.positions, num_labels));
  AdapterInfo info;
  info.method = options.virtual_tokens == 0 ? Method::head
                : options.insert_layer > 0  ? Method::late
                                            : Method::prompt;
  info.head_input = spec.is_causal ? HeadInput::last : HeadInput::first;
  info.num_virtual_tokens = options.virtual_tokens;
  info.insert_layer = options.insert_layer;
  for (int label = 0; label < num_labels; ++label) info.labels.push_back(std::to_string(label));
  INCIPIT_TRY(Adapter adapter, Adapter::create(model, info, 0));
  TrainOptions training;
  training.method = info.method;
  training.num_virtual_tokens = options.virtual_tokens;
  training.max_batch_tokens = options.max_batch_tokens;
  INCIPIT_CHECK(init_prompt(model, training, adapter));
  Trainer trainer(model, adapter, training, {});
  PackedRun run(model.backbone());
  Matrix features;

  const bool trains = options.mode == "train";
  const std::vector<std::vector<MatmulCost>> matmuls = costs(batches, model, adapter.info(), trains);
  json gflop = json::array();
  for (const std::vector<MatmulCost>& batch : matmuls) gflop.push_back(total_flop(batch) * 1e-9);
  std::cout << json{{"gflop", gflop}} << std::endl;
  if (options.roof) {
    MatmulRoof roof(matmuls.front(), model.info().precision);
    return serve(batches, [&](std::size_t number, std::int64_t) -> Result<double> {
      return seconds_at(matmuls[number], roof.measure());
    });
  }
  return serve(batches, [&](std::size_t number, std::int64_t step) -> Result<double> {
    const Batch& batch = batches[number];
    const Clock::time_point start = Clock::now();
    if (trains) {
      INCIPIT_TRY([[maybe_unused]] const double loss,
                  trainer.gradients(batch.examples, batch.labels, batch.indices, step));
      trainer.apply(1.0);
    } else {
      INCIPIT_CHECK(run_features(run, adapter, batch.examples,
                                 options.max_batch_tokens.value_or(PredictOptions().max_batch_tokens),
                                 nullptr, features));
      predict_from_features(adapter, features);
    }
    return seconds_since(start);
  });
}

}  // namespace
}  // namespace incipit

int main(int argc, char** argv) {
  incipit::cli::wait_patiently(argv);
  CLI::App app("Training or predicting steps, one for each batch number on standard input");
  incipit::Options options;
  app.add_option("--model", options.model, "folder of a model")->required();
  app.add_option("--batches", options.batches, "JSON lines: input_ids, token_type_ids, labels")->required();
  app.add_option("--precision", options.precision)->check(CLI::IsMember(incipit::precision_names()));
  app.add_option("--mode", options.mode)->check(CLI::IsMember({"train", "predict"}));
  app.add_option("--threads", options.threads, "0: as many as cores");
  app.add_option("--virtual-tokens", options.virtual_tokens);
  app.add_option("--insert-layer", options.insert_layer);
  app.add_option("--max-batch-tokens", options.max_batch_tokens);
  app.add_flag("--roof", options.roof, "print what the step's matmuls alone would take now");
  CLI11_PARSE(app, argc, argv);
  if (options.threads > 0) incipit::set_num_threads(options.threads);
  try {
    const incipit::Status status = incipit::serve_steps(options);
    if (status) return 0;
    std::fprintf(stderr, "incipit_bench_step: %s\n", status.error().message.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "incipit_bench_step: %s\n", error.what());
  }
  return 1;
}
