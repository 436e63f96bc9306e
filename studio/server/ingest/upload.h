// One upload: what its headers ask for, its files one after the other, and what became of each.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_UPLOAD_H_
#define THIMBLE_STUDIO_SERVER_INGEST_UPLOAD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dataset/acquisition.h"
#include "http/message.h"
#include "studio/server/application.h"
#include "studio/server/ingest/incoming_file.h"
#include "studio/server/ingest/sidecars.h"
#include "studio/store/store.h"

namespace thimble::studio {

/// What the headers say about all files of the request.
struct UploadWishes {
  std::string category;              ///< training, testing, anomaly or split
  std::optional<std::string> label;  ///< empty: none; nothing said: of the file's name
  std::optional<std::string> file_name;
  bool refuse_duplicates = false;
  bool add_date_id = false;
  std::map<std::string, std::string> metadata;
  std::string bounding_boxes;  ///< JSON; empty: nothing said
};

/// `one_file`: the request holds one recording, named by x-file-name, to whose name something unique is added unless
/// x-no-date-id is set. kInvalidArgument, with a sentence, for headers that are damaged.
Expected<UploadWishes> ReadWishes(std::string_view category, const http::Headers& headers, bool one_file);

/// What became of one file.
struct Stored {
  std::string file_name;
  int64_t sample_id = 0;  ///< 0: it was refused,
  Error error;            ///< because
  std::vector<std::string> notices;
};

/// Gathers the files of a request, then adds all that are sound to the data set, or says why not.
class Upload {
 public:
  /// `actor`: whose key it is, for the audit log.
  Upload(Application& application, int64_t project_id, std::string actor, UploadWishes wishes)
      : application_(application), project_id_(project_id), actor_(std::move(actor)), wishes_(std::move(wishes)) {}

  IncomingFile NewFile() const;

  /// Reads it through and keeps what it says; its bytes are staged. `outcome`: what happened while it came.
  void Take(std::string_view name, std::string_view media_type, IncomingFile file, const Outcome& outcome = Nothing{});

  /// What a sidecar file says about the others, wherever in the request it stands.
  Outcome TakeSidecar(std::string_view name, std::string_view bytes) { return sidecars_.Add(name, bytes); }

  /// The signed envelope of the picture beside it, as the phone's page sends it.
  Outcome TakeMessage(std::string_view bytes);

  /// Adds them, in the order in which they came, and tells whoever waits.
  std::vector<Stored> Finish();

 private:
  struct Waiting {
    Stored stored;
    Sample sample;
    StagedBlob content;
  };

  Outcome LookAt(std::string_view name, std::string_view media_type, IncomingFile& file, Waiting& waiting);
  void Describe(Waiting& waiting, std::string_view sent_name) const;
  std::string SignatureOf(std::string_view bytes, bool is_cbor, const dataset::Envelope& envelope);
  void SeeDevice(const Sample& sample);

  Application& application_;
  int64_t project_id_;
  std::string actor_;
  UploadWishes wishes_;
  Sidecars sidecars_;
  std::optional<std::vector<std::string>> hmac_keys_;
  std::optional<dataset::Envelope> message_;
  std::string message_signature_;
  std::vector<Waiting> waiting_;
  std::vector<std::string> sent_names_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_UPLOAD_H_
