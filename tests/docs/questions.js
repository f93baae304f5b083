// Prints, as extended JSON, what the mongosh commands on standard input would ask of a database.
const asked = [];
const chain = (question) => {
  asked.push(question);
  const link = new Proxy({}, {
    get: (_, name) => (value) => { question[name] = value; return link; },
  });
  return link;
};
const db = new Proxy({}, {
  get: (_, collection) => ({
    find: (filter) => chain({ collection, filter }),
    aggregate: (pipeline) => chain({ collection, pipeline }),
  }),
});
Date.prototype.toJSON = function () { return { $date: this.toISOString() }; };
const { source, names } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const given = { db, ISODate: (text) => new Date(text), ...names };
new Function(...Object.keys(given), source)(...Object.values(given));
console.log(JSON.stringify(asked));
