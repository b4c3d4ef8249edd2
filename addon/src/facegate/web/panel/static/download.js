// Hands a text to whoever looks at the page as a file; nothing is asked of the server.

export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/yaml" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function secretLines(secrets) {
  return Object.entries(secrets).map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join("\n");
}
