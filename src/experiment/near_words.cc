#include "experiment/near_words.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "experiment/vector_math.h"
#include "ops/multiply.h"

namespace incipit {
namespace {

constexpr std::int64_t kBlock = 512;  // words at once

struct Candidate {
  double cosine = 0;
  std::int64_t word = 0;
};

bool nearer(const Candidate& a, const Candidate& b) {
  return a.cosine != b.cosine ? a.cosine > b.cosine : a.word < b.word;
}

/// The nearest so far, nearest first. An order of all candidates, so that it does not matter who offers
/// first.
class Nearest {
 public:
  void offer(const Candidate& candidate, std::size_t count) {
    if (found_.size() == count && (count == 0 || !nearer(candidate, found_.back()))) return;
    found_.insert(std::upper_bound(found_.begin(), found_.end(), candidate, nearer), candidate);
    if (found_.size() > count) found_.pop_back();
  }
  const std::vector<Candidate>& found() const { return found_; }

 private:
  std::vector<Candidate> found_;
};

std::span<const float> row_of(ConstMatrixView matrix, std::int64_t row) {
  return {matrix.row(row), static_cast<std::size_t>(matrix.cols)};
}

/// [hidden, vectors] of length 1, where they have any.
Matrix directions(ConstMatrixView vectors) {
  Matrix result(vectors.cols, vectors.rows);
  for (std::int64_t i = 0; i < vectors.rows; ++i) {
    const double length = norm(row_of(vectors, i));
    for (std::int64_t j = 0; length > 0 && j < vectors.cols; ++j)
      result.row(j)[i] = static_cast<float>(static_cast<double>(vectors.row(i)[j]) / length);
  }
  return result;
}

/// Memory of one thread.
struct Search {
  Matrix embeddings;             // [block, hidden]
  Matrix scores;                 // [block, vectors]
  std::vector<Nearest> nearest;  // [vectors]
};

void search_block(const WordTable& words, const Matrix& to, std::int64_t first, std::size_t count,
                  Search& s) {
  const std::int64_t block = std::min(kBlock, words.size() - first), hidden = to.rows(), vectors = to.cols();
  s.embeddings.resize(kBlock, hidden);
  s.scores.resize(kBlock, vectors);
  s.nearest.resize(static_cast<std::size_t>(vectors));
  for (std::int64_t w = 0; w < block; ++w)
    words.embedding(first + w, {s.embeddings.row(w), static_cast<std::size_t>(hidden)});
  multiply(block, vectors, hidden, s.embeddings.data(), hidden, 1, to.data(), vectors, s.scores.data(),
           vectors, false);
  for (std::int64_t w = 0; w < block; ++w)
    for (std::int64_t v = 0; v < vectors; ++v)
      s.nearest[static_cast<std::size_t>(v)].offer(
          {static_cast<double>(s.scores.row(w)[v]) / words.norm(first + w), first + w}, count);
}

/// The same words again, in double precision.
std::vector<NearWord> describe(const WordTable& words, std::span<const float> vector,
                               const std::vector<Candidate>& candidates) {
  std::vector<NearWord> result;
  std::vector<float> embedding(vector.size());
  for (const Candidate& candidate : candidates) {
    words.embedding(candidate.word, embedding);
    result.push_back({words.id(candidate.word), words.piece(candidate.word), cosine(vector, embedding),
                      distance(vector, embedding)});
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const NearWord& a, const NearWord& b) { return a.cosine > b.cosine; });
  return result;
}

}  // namespace

std::vector<std::vector<NearWord>> near_words(const WordTable& words, ConstMatrixView vectors,
                                              std::int64_t count) {
  const Matrix to = directions(vectors);
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
  std::vector<Search> searches(static_cast<std::size_t>(num_threads()));
  parallel_items((words.size() + kBlock - 1) / kBlock, [&](std::int64_t block, int thread) {
    search_block(words, to, block * kBlock, wanted, searches[static_cast<std::size_t>(thread)]);
  });
  std::vector<std::vector<NearWord>> result;
  for (std::int64_t v = 0; v < vectors.rows; ++v) {
    Nearest nearest;
    for (const Search& search : searches)
      if (!search.nearest.empty())
        for (const Candidate& candidate : search.nearest[static_cast<std::size_t>(v)].found())
          nearest.offer(candidate, wanted);
    result.push_back(describe(words, row_of(vectors, v), nearest.found()));
  }
  return result;
}

}  // namespace incipit
