// The part of ONNX Runtime's C interface that Needletail uses, found in a library at run time.
//
// ONNX Runtime publishes its interface as one table of function pointers whose order never
// changes. We name only the entries we call; onnx_runtime.c holds their places in the table.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct OrtStatus OrtStatus;
typedef struct OrtEnv OrtEnv;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtValue OrtValue;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtAllocator OrtAllocator;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtTensorInfo OrtTensorInfo;
typedef struct OrtProviderOptions OrtProviderOptions;

/// A call's outcome: null is success; otherwise release it after reading.
typedef OrtStatus *_Nullable OnnxOutcome;
/// A C string in memory that belongs to somebody else.
typedef const char *_Nullable OnnxText;

/// How one of the execution providers that have their own calls is added to a session.
typedef struct OnnxProviderCalls {
  OnnxOutcome (*_Nonnull create)(OrtProviderOptions *_Nullable *_Nonnull options);
  OnnxOutcome (*_Nonnull update)(
      OrtProviderOptions *options, const OnnxText *_Nullable keys,
      const OnnxText *_Nullable values, size_t count);
  OnnxOutcome (*_Nonnull append)(OrtSessionOptions *session, const OrtProviderOptions *options);
  void (*_Nonnull release)(OrtProviderOptions *options);
} OnnxProviderCalls;

/// The entries we call. Made once for a library by `onnx_open`, then never changed.
typedef struct OnnxApi {
  /// For example `1.31.1`; lives as long as the library.
  const char *version;

  OnnxOutcome (*_Nonnull create_status)(int code, const char *text);
  int (*_Nonnull error_code)(const OrtStatus *status);
  const char *_Nonnull (*_Nonnull error_text)(const OrtStatus *status);
  void (*_Nonnull release_status)(OrtStatus *status);

  OnnxOutcome (*_Nonnull create_env)(int level, const char *name, OrtEnv *_Nullable *_Nonnull env);
  OnnxOutcome (*_Nonnull get_providers)(char *_Nullable *_Nullable *_Nonnull names, int *count);
  OnnxOutcome (*_Nonnull release_providers)(char *_Nullable *_Nullable names, int count);
  OnnxOutcome (*_Nonnull get_allocator)(OrtAllocator *_Nullable *_Nonnull allocator);
  OnnxOutcome (*_Nonnull allocator_free)(OrtAllocator *allocator, void *block);
  OnnxOutcome (*_Nonnull create_cpu_memory)(
      int allocator, int kind, OrtMemoryInfo *_Nullable *_Nonnull memory);

  OnnxOutcome (*_Nonnull create_options)(OrtSessionOptions *_Nullable *_Nonnull options);
  void (*_Nonnull release_options)(OrtSessionOptions *options);
  OnnxOutcome (*_Nonnull set_execution_mode)(OrtSessionOptions *options, int mode);
  OnnxOutcome (*_Nonnull disable_memory_pattern)(OrtSessionOptions *options);
  OnnxOutcome (*_Nonnull disable_arena)(OrtSessionOptions *options);
  OnnxOutcome (*_Nonnull set_log_level)(OrtSessionOptions *options, int level);
  OnnxOutcome (*_Nonnull set_graph_optimization)(OrtSessionOptions *options, int level);
  OnnxOutcome (*_Nonnull set_intra_threads)(OrtSessionOptions *options, int count);
  OnnxOutcome (*_Nonnull set_inter_threads)(OrtSessionOptions *options, int count);
  OnnxOutcome (*_Nonnull add_entry)(OrtSessionOptions *options, const char *key, const char *value);
  OnnxOutcome (*_Nonnull append_provider)(
      OrtSessionOptions *options, const char *name, const OnnxText *_Nullable keys,
      const OnnxText *_Nullable values, size_t count);
  OnnxOutcome (*_Nonnull register_operators)(OrtSessionOptions *options, const char *path);
  OnnxProviderCalls cuda;
  OnnxProviderCalls tensorrt;
  OnnxProviderCalls dnnl;

  OnnxOutcome (*_Nonnull create_session)(
      const OrtEnv *env, const char *path, const OrtSessionOptions *options,
      OrtSession *_Nullable *_Nonnull session);
  OnnxOutcome (*_Nonnull create_session_from_bytes)(
      const OrtEnv *env, const void *bytes, size_t count, const OrtSessionOptions *options,
      OrtSession *_Nullable *_Nonnull session);
  void (*_Nonnull release_session)(OrtSession *session);
  OnnxOutcome (*_Nonnull input_count)(const OrtSession *session, size_t *count);
  OnnxOutcome (*_Nonnull output_count)(const OrtSession *session, size_t *count);
  OnnxOutcome (*_Nonnull input_type)(
      const OrtSession *session, size_t index, OrtTypeInfo *_Nullable *_Nonnull type);
  OnnxOutcome (*_Nonnull output_type)(
      const OrtSession *session, size_t index, OrtTypeInfo *_Nullable *_Nonnull type);
  OnnxOutcome (*_Nonnull input_name)(
      const OrtSession *session, size_t index, OrtAllocator *allocator,
      char *_Nullable *_Nonnull name);
  OnnxOutcome (*_Nonnull output_name)(
      const OrtSession *session, size_t index, OrtAllocator *allocator,
      char *_Nullable *_Nonnull name);

  OnnxOutcome (*_Nonnull type_kind)(const OrtTypeInfo *type, int *kind);
  OnnxOutcome (*_Nonnull type_as_tensor)(
      const OrtTypeInfo *type, const OrtTensorInfo *_Nullable *_Nonnull tensor);
  void (*_Nonnull release_type)(OrtTypeInfo *type);
  OnnxOutcome (*_Nonnull element_type)(const OrtTensorInfo *tensor, int *type);
  OnnxOutcome (*_Nonnull rank)(const OrtTensorInfo *tensor, size_t *rank);
  OnnxOutcome (*_Nonnull dimensions)(const OrtTensorInfo *tensor, int64_t *dimensions, size_t rank);
  OnnxOutcome (*_Nonnull dimension_names)(
      const OrtTensorInfo *tensor, OnnxText *_Nonnull names, size_t rank);
  void (*_Nonnull release_tensor_info)(OrtTensorInfo *tensor);

  OnnxOutcome (*_Nonnull create_tensor)(
      OrtAllocator *allocator, const int64_t *_Nullable dimensions, size_t rank, int type,
      OrtValue *_Nullable *_Nonnull value);
  OnnxOutcome (*_Nonnull create_tensor_over)(
      const OrtMemoryInfo *memory, void *bytes, size_t count,
      const int64_t *_Nullable dimensions, size_t rank, int type,
      OrtValue *_Nullable *_Nonnull value);
  OnnxOutcome (*_Nonnull is_tensor)(const OrtValue *value, int *answer);
  OnnxOutcome (*_Nonnull tensor_info)(
      const OrtValue *value, OrtTensorInfo *_Nullable *_Nonnull tensor);
  OnnxOutcome (*_Nonnull tensor_bytes)(OrtValue *value, void *_Nullable *_Nonnull bytes);
  OnnxOutcome (*_Nonnull resize_text)(
      OrtValue *value, size_t index, size_t count, char *_Nullable *_Nonnull bytes);
  OnnxOutcome (*_Nonnull text_byte_count)(const OrtValue *value, size_t *count);
  OnnxOutcome (*_Nonnull text_content)(
      const OrtValue *value, void *bytes, size_t count, size_t *offsets, size_t offset_count);
  void (*_Nonnull release_value)(OrtValue *value);

  OnnxOutcome (*_Nonnull run)(
      OrtSession *session, const OrtRunOptions *_Nullable options,
      const OnnxText *_Nullable input_names, OrtValue *_Nullable const *_Nullable inputs,
      size_t input_count, const OnnxText *_Nonnull output_names, size_t output_count,
      OrtValue *_Nullable *_Nonnull outputs);
} OnnxApi;

/// Loads the library at `path` (or found by the system's loader if `path` has no slash).
///
/// Returns null and writes the reason to `reason` (always terminated) on failure. The library
/// stays loaded until the process ends. Any thread.
const OnnxApi *_Nullable onnx_open(const char *path, char *reason, size_t reason_count);

/// Whether something readable is at `path`.
bool onnx_is_readable(const char *path);

/// Whether `path` is a directory.
bool onnx_is_directory(const char *path);

/// Writes the directory of the running program, or an empty text if the system will not say.
void onnx_program_directory(char *text, size_t count);

#pragma clang assume_nonnull end
