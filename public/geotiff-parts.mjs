// For esbuild: leaves out what the page does not use of geotiff, which are its decoders. Tiles are
// unpacked in public/src/slide/formats/tiff/, within the size of a tile; geotiff's know no such limit,
// and would be most of the download.
const DECODERS = /^\.\/(raw|lzw|jpeg|deflate|packbits|lerc|zstd|webimage)\.js$/;

export const withoutGeotiffDecoders = {
  name: "geotiff without its decoders",
  setup(build) {
    build.onResolve({ filter: DECODERS }, ({ importer, path }) =>
      /geotiff[\\/]dist-module[\\/]compression[\\/]index\.js$/.test(importer)
        ? { path, namespace: "left-out" }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({
      contents: "export default null;",
    }));
  },
};
