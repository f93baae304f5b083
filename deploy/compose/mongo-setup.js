// Makes the replica set and its users; does nothing where they are. Run by mongosh on MongoDB's
// own host: without users it allows the first one from there only.
const fs = require('fs');
const secret = (name) => fs.readFileSync(`/run/secrets/${name}`, 'utf8').trim();
const rootPassword = secret('mongo_root_password');

const client = connect('mongodb://127.0.0.1:27017/admin?directConnection=true');
const wait = (ready) => { while (!ready()) sleep(200); };

try {
  client.auth('root', rootPassword);
} catch (error) {
  try {
    client.adminCommand({
      replSetInitiate: { _id: 'newsflow', members: [{ _id: 0, host: 'mongo:27017' }] },
    });
  } catch (initiated) {
    print(`replica set: ${initiated.codeName}`);
  }
  wait(() => client.hello().isWritablePrimary);
  client.createUser({ user: 'root', pwd: rootPassword, roles: ['root'] });
  client.auth('root', rootPassword);
}

wait(() => client.hello().isWritablePrimary);
const newsflow = client.getSiblingDB('newsflow');
if (!newsflow.getUser('newsflow')) {
  newsflow.createUser({
    user: 'newsflow',
    pwd: secret('mongo_newsflow_password'),
    roles: [{ role: 'readWrite', db: 'newsflow' }],
  });
}
print('replica set and users are there');
