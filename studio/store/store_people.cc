// Store: users, sessions, keys.
#include "studio/store/internal/state.h"

namespace thimble::studio {
namespace {

constexpr int64_t kDayMs = int64_t{24} * 3'600'000;

}  // namespace

Expected<int64_t> Store::AddUser(User user) {
  user.created_ms = Now();
  return state_->Add(user);
}

Expected<User> Store::GetUser(int64_t id) { return state_->One<User>("WHERE id = ?", {id}, Named("user", id)); }

Expected<User> Store::FindUser(std::string_view name_or_email) {
  // A name wins over another's address.
  return state_->One<User>(
      "WHERE name = ? OR (email <> '' AND email = ?) ORDER BY CASE WHEN name = ? THEN 0 ELSE 1 END, id LIMIT 1",
      {name_or_email, name_or_email, name_or_email}, Named("user", name_or_email));
}

Expected<std::vector<User>> Store::ListUsers() { return state_->List<User>("ORDER BY id", {}); }
Expected<std::optional<int64_t>> Store::UpdateUser(const User& user) { return state_->Change(user); }

Outcome Store::RemoveUser(int64_t id) {
  return state_->Remove("DELETE FROM users WHERE id = ?", {id}, Named("user", id));
}

Expected<int64_t> Store::AddSession(Session session) {
  session.created_ms = Now();
  return state_->Add(session);
}

Expected<Session> Store::FindSession(std::string_view token_hash) {
  // One that began tomorrow was made before the clock was put back, and nobody knows how long it has lasted.
  return state_->One<Session>("WHERE token_hash = ? AND expires_ms > ? AND created_ms < ?",
                              {token_hash, Now(), Now() + kDayMs}, "such session");
}

Outcome Store::RemoveSession(std::string_view token_hash) {
  return state_->Remove("DELETE FROM sessions WHERE token_hash = ?", {token_hash}, "such session");
}

Outcome Store::RemoveSessionsOf(int64_t user_id) {
  THIMBLE_EXPECT(state_->Execute("DELETE FROM sessions WHERE user_id = ?", {user_id}));
  return Nothing{};
}

Expected<int64_t> Store::AddApiKey(ApiKey key) {
  key.created_ms = Now();
  return state_->Add(key);
}

Expected<ApiKey> Store::FindApiKey(std::string_view key_hash) {
  return state_->api_keys.Get(key_hash,
                              [&] { return state_->One<ApiKey>("WHERE key_hash = ?", {key_hash}, "such API key"); });
}

Expected<std::vector<ApiKey>> Store::ListApiKeys(int64_t project_id) {
  return state_->List<ApiKey>("WHERE project_id = ? ORDER BY id", {project_id});
}

Outcome Store::RemoveApiKey(int64_t project_id, int64_t id) {
  Outcome removed =
      state_->Remove("DELETE FROM api_keys WHERE project_id = ? AND id = ?", {project_id, id}, Named("API key", id));
  state_->api_keys.Forget();
  return removed;
}

Expected<int64_t> Store::AddHmacKey(HmacKey key) {
  key.created_ms = Now();
  Expected<int64_t> id = state_->Add(key);
  state_->hmac_keys.Forget();
  return id;
}

Expected<std::vector<HmacKey>> Store::ListHmacKeys(int64_t project_id) {
  return state_->hmac_keys.Get(std::to_string(project_id),
                               [&] { return state_->List<HmacKey>("WHERE project_id = ? ORDER BY id", {project_id}); });
}

Outcome Store::RemoveHmacKey(int64_t project_id, int64_t id) {
  Outcome removed =
      state_->Remove("DELETE FROM hmac_keys WHERE project_id = ? AND id = ?", {project_id, id}, Named("HMAC key", id));
  state_->hmac_keys.Forget();
  return removed;
}

}  // namespace thimble::studio
