#include "onnx_runtime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

// The lowest version of the table that holds every entry below; 1.21 was the first to offer it.
enum { TABLE_VERSION = 21 };

typedef struct Base {
  const void *const *(*get_api)(uint32_t version);
  const char *(*get_version)(void);
} Base;

typedef struct Entry {
  size_t field;
  size_t slot;
} Entry;

// Where each entry lies in ONNX Runtime's table.
static const Entry entries[] = {
  {offsetof(OnnxApi, create_status), 0},
  {offsetof(OnnxApi, error_code), 1},
  {offsetof(OnnxApi, error_text), 2},
  {offsetof(OnnxApi, create_env), 3},
  {offsetof(OnnxApi, create_session), 7},
  {offsetof(OnnxApi, create_session_from_bytes), 8},
  {offsetof(OnnxApi, run), 9},
  {offsetof(OnnxApi, create_options), 10},
  {offsetof(OnnxApi, set_execution_mode), 13},
  {offsetof(OnnxApi, disable_memory_pattern), 17},
  {offsetof(OnnxApi, disable_arena), 19},
  {offsetof(OnnxApi, set_log_level), 22},
  {offsetof(OnnxApi, set_graph_optimization), 23},
  {offsetof(OnnxApi, set_intra_threads), 24},
  {offsetof(OnnxApi, set_inter_threads), 25},
  {offsetof(OnnxApi, input_count), 30},
  {offsetof(OnnxApi, output_count), 31},
  {offsetof(OnnxApi, input_type), 33},
  {offsetof(OnnxApi, output_type), 34},
  {offsetof(OnnxApi, input_name), 36},
  {offsetof(OnnxApi, output_name), 37},
  {offsetof(OnnxApi, create_tensor), 48},
  {offsetof(OnnxApi, create_tensor_over), 49},
  {offsetof(OnnxApi, is_tensor), 50},
  {offsetof(OnnxApi, tensor_bytes), 51},
  {offsetof(OnnxApi, text_byte_count), 53},
  {offsetof(OnnxApi, text_content), 54},
  {offsetof(OnnxApi, type_as_tensor), 55},
  {offsetof(OnnxApi, type_kind), 56},
  {offsetof(OnnxApi, element_type), 60},
  {offsetof(OnnxApi, rank), 61},
  {offsetof(OnnxApi, dimensions), 62},
  {offsetof(OnnxApi, dimension_names), 63},
  {offsetof(OnnxApi, tensor_info), 65},
  {offsetof(OnnxApi, create_cpu_memory), 69},
  {offsetof(OnnxApi, allocator_free), 76},
  {offsetof(OnnxApi, get_allocator), 78},
  {offsetof(OnnxApi, release_status), 93},
  {offsetof(OnnxApi, release_session), 95},
  {offsetof(OnnxApi, release_value), 96},
  {offsetof(OnnxApi, release_type), 98},
  {offsetof(OnnxApi, release_tensor_info), 99},
  {offsetof(OnnxApi, release_options), 100},
  {offsetof(OnnxApi, get_providers), 125},
  {offsetof(OnnxApi, release_providers), 126},
  {offsetof(OnnxApi, add_entry), 130},
  {offsetof(OnnxApi, tensorrt.append), 170},
  {offsetof(OnnxApi, tensorrt.create), 171},
  {offsetof(OnnxApi, tensorrt.update), 172},
  {offsetof(OnnxApi, tensorrt.release), 174},
  {offsetof(OnnxApi, cuda.append), 204},
  {offsetof(OnnxApi, cuda.create), 205},
  {offsetof(OnnxApi, cuda.update), 206},
  {offsetof(OnnxApi, cuda.release), 208},
  {offsetof(OnnxApi, append_provider), 216},
  {offsetof(OnnxApi, register_operators), 228},
  {offsetof(OnnxApi, dnnl.append), 239},
  {offsetof(OnnxApi, dnnl.create), 240},
  {offsetof(OnnxApi, dnnl.update), 241},
  {offsetof(OnnxApi, dnnl.release), 243},
  {offsetof(OnnxApi, resize_text), 252},
};

// A status made and read back proves that the table is the one we think it is.
static bool answers(const OnnxApi *api) {
  OrtStatus *status = api->create_status(2, "needletail");
  if (status == NULL) return false;
  bool same = api->error_code(status) == 2 && strcmp(api->error_text(status), "needletail") == 0;
  api->release_status(status);
  return same;
}

static OnnxApi *read_table(const void *const *table, char *reason, size_t reason_count) {
  OnnxApi *api = calloc(1, sizeof(OnnxApi));
  if (api == NULL) {
    snprintf(reason, reason_count, "out of memory");
    return NULL;
  }
  for (size_t index = 0; index < sizeof(entries) / sizeof(entries[0]); index++) {
    const void *entry = table[entries[index].slot];
    if (entry == NULL) {
      snprintf(reason, reason_count, "its table lacks entry %zu", entries[index].slot);
      free(api);
      return NULL;
    }
    memcpy((char *)api + entries[index].field, &entry, sizeof(entry));
  }
  if (!answers(api)) {
    snprintf(reason, reason_count, "its table is not in the published order");
    free(api);
    return NULL;
  }
  return api;
}

const OnnxApi *onnx_open(const char *path, char *reason, size_t reason_count) {
  reason[0] = 0;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    const char *text = dlerror();
    snprintf(reason, reason_count, "%s", text == NULL ? "it does not load" : text);
    return NULL;
  }
  const Base *(*get_base)(void) = NULL;
  void *symbol = dlsym(library, "OrtGetApiBase");
  memcpy(&get_base, &symbol, sizeof(symbol));
  if (get_base == NULL) {
    snprintf(reason, reason_count, "it has no OrtGetApiBase, so it is not ONNX Runtime");
    dlclose(library);
    return NULL;
  }
  const Base *base = get_base();
  const char *version = base->get_version();
  const void *const *table = base->get_api(TABLE_VERSION);
  if (table == NULL || version == NULL) {
    snprintf(
        reason, reason_count, "it is version %s; 1.%d or later is needed",
        version == NULL ? "unknown" : version, (int)TABLE_VERSION);
    return NULL;
  }
  OnnxApi *api = read_table(table, reason, reason_count);
  if (api != NULL) api->version = version;
  return api;
}

bool onnx_is_readable(const char *path) { return access(path, R_OK) == 0; }

bool onnx_is_directory(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

void onnx_program_directory(char *text, size_t count) {
  text[0] = 0;
#ifdef __APPLE__
  uint32_t size = (uint32_t)count;
  if (_NSGetExecutablePath(text, &size) != 0) text[0] = 0;
#else
  ssize_t length = readlink("/proc/self/exe", text, count - 1);
  text[length < 0 ? 0 : length] = 0;
#endif
  char *slash = strrchr(text, '/');
  if (slash != NULL) *slash = 0;
}
