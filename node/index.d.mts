// The types of the package for `import`: `index.mjs` gives the very objects of `index.cjs`.

export * from "./index.cjs";
