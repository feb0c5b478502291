#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/preparation.h"
#include "incipit/result.h"

namespace incipit {

/// One text, or a pair of texts, and what is known of its class.
struct Example {
  /// Of its row: an id column's value, else the 0-based number of the row in its file, bad rows counted too
  /// (in a folder of .pos/.neg: of the example over all of its files).
  std::string id;
  std::string text_a;
  std::optional<std::string> text_b;
  int label = -1;  // index into Dataset::labels; -1: not known
};

/// Which columns of a file mean what. Empty: found by name (text, sentence, sentence1/sentence2, premise/
/// hypothesis, question1/question2, "#1 String"/"#2 String", label, Quality, …; GLUE's names are known). A
/// column of a TSV or CSV file can also be given by its number from 1; if all are, the file needs no header.
struct Columns {
  std::string text;
  std::string text_pair;
  std::string label;
};

struct DataOptions {
  Columns columns;
  /// Label names in order, as an adapter fixes them; a label outside of them is an error. Empty: found in the
  /// data, sorted (as numbers where all are numbers).
  std::vector<std::string> labels;
  /// Whether there must be a label column; a row that leaves it empty is then a bad one.
  bool labels_required = true;
  /// Of a folder that holds one file a split (train.tsv, dev.jsonl, …): which to read, "validation" also
  /// finds dev, valid and val. Of data without splits: `train`, `validation` and `test` are 80, 10 and 10 %,
  /// by a hash of the text and split_seed, so that equal texts never stand in two of them. Empty: everything.
  std::string split;
  std::uint64_t split_seed = 0;
  /// After texts were split into parts, so that these do not depend on it.
  Preparation preparation;
};

/// Labelled texts in memory.
struct Dataset {
  std::vector<Example> examples;
  std::vector<std::string> labels;
  /// What the reader passed over or repaired, one line each, with counts and the first line numbers.
  std::vector<std::string> warnings;
  /// As it was applied; other texts for the same model need the same.
  Preparation preparation;
  /// Words of the longest text before a preparation cut it; 0 where there is none.
  std::size_t longest_prepared = 0;

  bool has_pairs() const { return !examples.empty() && examples.front().text_b.has_value(); }
};

/// Reads examples one at a time, in constant memory. Labels are kept as the strings of the file.
class ExampleReader {
 public:
  struct Row {
    Example example;                   // its `label` is left at -1
    std::optional<std::string> label;  // as the file spells it
  };

  virtual ~ExampleReader() = default;
  /// The next row, none at the end. Fails naming file and line.
  virtual Result<std::optional<Row>> next() = 0;
  /// See Dataset::warnings; complete once next() has returned none.
  virtual std::vector<std::string> warnings() const = 0;
};

/// Opens a .tsv, .csv (RFC 4180), .jsonl or .txt (a text a line) file, a folder of .pos/.neg files, a folder
/// of splits, or
/// "-" for standard input (JSON lines where the first byte is '{', else a text a line). UTF-8; files that are
/// not valid UTF-8 are read as Latin-1 with a warning. Bad rows (a wrong number of columns, no label where
/// one is needed, not JSON, …) are passed over and counted in the warnings; data without a single good row is
/// an error.
Result<std::unique_ptr<ExampleReader>> open_examples(const std::filesystem::path& path,
                                                     const DataOptions& options);

/// All of it.
Result<Dataset> read_dataset(const std::filesystem::path& path, const DataOptions& options);

/// Whether a folder holds a file for this split.
bool has_split(const std::filesystem::path& path, std::string_view split);

struct TrainingSplit {
  Dataset train;
  Dataset held_out;
};
/// Holds out a part of about `fraction` by a hash of the text and the seed; equal texts stay together.
TrainingSplit hold_out(Dataset dataset, double fraction, std::uint64_t seed);

/// `count` examples drawn by the seed, in their old order; all of them if there are no more.
Dataset sample(Dataset dataset, std::size_t count, std::uint64_t seed);

}  // namespace incipit
