// One training step at a time, for bench/versus_peft.py, which says what is read and printed.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "incipit/train.h"

#include "backbone/backbone.h"
#include "base/parallel.h"
#include "ops/linear.h"
#include "prompt/template.h"
#include "tune/prompt_init.h"
#include "tune/trainer.h"

namespace incipit {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr std::int64_t kRoofRows = 1024;
constexpr int kRoofRounds = 5;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A matmul of a layer.
struct Shape {
  std::int64_t in, out;
};

std::vector<Shape> layer_shapes(const BackboneSpec& spec) {
  const std::int64_t hidden = spec.hidden_size, inner = spec.intermediate_size;
  const std::int64_t query = spec.num_attention_heads * spec.head_dim;
  return {{hidden, query},
          {hidden, 2 * spec.num_key_value_heads * spec.head_dim},
          {query, hidden},
          {hidden, spec.is_gated ? 2 * inner : inner},
          {inner, hidden}};
}

/// What a training step cannot do without, a token: every layer forward, the gradient by its input back; of
/// the last layer, of which only one row a sequence goes out, just keys and values. Attention's own products,
/// a few per cent, do not count.
double flop_per_token(const BackboneSpec& spec) {
  double layer = 0;
  for (const Shape& shape : layer_shapes(spec)) layer += 2.0 * static_cast<double>(shape.in * shape.out);
  const double keys_and_values =
      4.0 * static_cast<double>(spec.hidden_size * spec.num_key_value_heads * spec.head_dim);
  return 2.0 * (static_cast<double>(spec.num_layers - 1) * layer + keys_and_values);
}

/// The rate of the plain, prepacked matmul at a layer's shapes: the sum of their FLOP over the sum of their
/// best times.
double roof_gflops(const BackboneSpec& spec) {
  double flop = 0, seconds = 0;
  for (const Shape& shape : layer_shapes(spec)) {
    Matrix weight(shape.out, shape.in), x(kRoofRows, shape.in), y(kRoofRows, shape.out);
    weight.fill(0.01f);
    x.fill(1.0f);
    const Linear linear(weight.view(), {});
    double best = 1e9;
    for (int round = 0; round <= kRoofRounds; ++round) {
      const Clock::time_point start = Clock::now();
      linear.forward(x.data(), kRoofRows, y.data());
      if (round > 0) best = std::min(best, seconds_since(start));
    }
    flop += 2.0 * static_cast<double>(kRoofRows * shape.in * shape.out);
    seconds += best;
  }
  return flop / seconds / 1e9;
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

Status serve_steps(const std::string& folder, const std::string& batches_path, std::int64_t virtual_tokens,
                   std::int64_t max_batch_tokens, Precision precision) {
  INCIPIT_TRY(const Model model, Model::load(folder, {precision}));
  const BackboneSpec& spec = model.backbone().spec();
  int num_labels = 2;
  INCIPIT_TRY(const std::vector<Batch> batches,
              read_batches(batches_path, Template(virtual_tokens, 0), spec.positions, num_labels));
  AdapterInfo info;
  info.head_input = spec.is_causal ? HeadInput::last : HeadInput::first;
  info.num_virtual_tokens = virtual_tokens;
  for (int label = 0; label < num_labels; ++label) info.labels.push_back(std::to_string(label));
  INCIPIT_TRY(Adapter adapter, Adapter::create(model, info, 0));
  TrainOptions options;
  options.num_virtual_tokens = virtual_tokens;
  options.max_batch_tokens = max_batch_tokens;
  INCIPIT_CHECK(init_prompt(model, options, adapter));
  Trainer trainer(model, adapter, options, {});

  std::cout << json{{"roof_gflops", roof_gflops(spec)}, {"flop_per_token", flop_per_token(spec)}}.dump()
            << std::endl;
  std::int64_t step = 0;
  for (std::size_t number = 0; std::cin >> number; ++step) {
    if (number >= batches.size()) return fail("batch {} of {}", number, batches.size());
    const Batch& batch = batches[number];
    const Clock::time_point start = Clock::now();
    INCIPIT_TRY([[maybe_unused]] const double loss,
                trainer.gradients(batch.examples, batch.labels, batch.indices, step));
    trainer.apply(1.0);
    std::cout << seconds_since(start) << std::endl;
  }
  return {};
}

}  // namespace
}  // namespace incipit

int main(int argc, char** argv) {
  CLI::App app("Training steps, one for each batch number on standard input");
  std::string model, batches, precision = "f32";
  std::int64_t virtual_tokens = 10, max_batch_tokens = 1024;
  int threads = 0;
  app.add_option("--model", model, "folder of a model")->required();
  app.add_option("--batches", batches, "JSON lines: input_ids, token_type_ids, labels")->required();
  app.add_option("--precision", precision)->check(CLI::IsMember(incipit::precision_names()));
  app.add_option("--threads", threads, "0: as many as cores");
  app.add_option("--virtual-tokens", virtual_tokens);
  app.add_option("--max-batch-tokens", max_batch_tokens);
  CLI11_PARSE(app, argc, argv);
  if (threads > 0) incipit::set_num_threads(threads);
  try {
    const incipit::Status status = incipit::serve_steps(model, batches, virtual_tokens, max_batch_tokens,
                                                        *incipit::precision_by_name(precision));
    if (status) return 0;
    std::fprintf(stderr, "incipit_bench_step: %s\n", status.error().message.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "incipit_bench_step: %s\n", error.what());
  }
  return 1;
}
