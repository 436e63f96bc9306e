// What the routes work with: one of each, made by StartServer and alive as long as the server.
#ifndef THIMBLE_STUDIO_SERVER_APPLICATION_H_
#define THIMBLE_STUDIO_SERVER_APPLICATION_H_

#include <filesystem>
#include <string>

namespace thimble::studio {

class Store;        // studio/store/store.h
class Gate;         // studio/server/people/gate.h: who is it, may they
class LiveDevices;  // studio/server/remote/live_devices.h: those that are connected now
class Jobs;         // studio/server/jobs/jobs.h: long work
class Notices;      // studio/server/notices.h: what changed, for pages that look

struct Application {
  Store& store;
  Gate& gate;
  LiveDevices& devices;
  Jobs& jobs;
  Notices& notices;
  std::string public_name;  ///< the host by which clients know the server, "localhost"
  int studio_port = 4800, remote_port = 4802, ingestion_port = 4810;
  bool tls = false;
  std::filesystem::path page_folder = {};  ///< of index.html; empty, or without one: only the API answers
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_APPLICATION_H_
