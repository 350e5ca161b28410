// Every function of XNNPACK that shared/ calls: add one here, then `make xnnpack-sources`.
#include <stdio.h>
#include <xnnpack.h>

typedef void (*Function)(void);

static const Function kUsed[] = {
    (Function)xnn_initialize,
    (Function)xnn_run_operator,
    (Function)xnn_delete_operator,
    (Function)xnn_create_convolution2d_nhwc_f32,
    (Function)xnn_reshape_convolution2d_nhwc_f32,
    (Function)xnn_setup_convolution2d_nhwc_f32,
    (Function)xnn_create_fully_connected_nc_f32,
    (Function)xnn_reshape_fully_connected_nc_f32,
    (Function)xnn_setup_fully_connected_nc_f32,
};

int main(int count, char** arguments) {
  (void)arguments;
  printf("%p\n", (void*)kUsed[count % (int)(sizeof kUsed / sizeof kUsed[0])]);
  return 0;
}
